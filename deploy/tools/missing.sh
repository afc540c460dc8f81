#!/usr/bin/env bash
# Says which tests will be skipped for want of a program, and how to get it.
set -u
lacking=""
command -v chromium >/dev/null || command -v google-chrome >/dev/null || lacking="$lacking chromium(browser-tests)"
command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || lacking="$lacking mosquitto(external-broker-tests)"
command -v strace >/dev/null || lacking="$lacking strace(fault-injection-tests)"
command -v pdftoppm >/dev/null || lacking="$lacking poppler-utils(PDF-tests)"
if [ -n "$lacking" ]; then
  echo "Not installed, so their tests are skipped:$lacking. To run them too: make deps (as root) or apt-get install chromium mosquitto strace poppler-utils."
fi
