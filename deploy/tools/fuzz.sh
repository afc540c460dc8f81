#!/usr/bin/env bash
# Fuzzes every decoder for a while, one after the other: fuzz.sh [time each]
set -euo pipefail
each=${1:-30s}
found=0
while IFS=: read -r file name; do
  found=$((found + 1))
  printf '%s %s\n' "$(dirname "$file")" "$name"
  go test -run '^$' -fuzz "^${name}\$" -fuzztime "$each" "./$(dirname "$file")"
done < <(grep -rnoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | sed -E 's/^\.\/([^:]+):[0-9]+:func /\1:/')
echo "$found fuzz tests, $each each, found nothing"
[ "$found" -gt 0 ]
