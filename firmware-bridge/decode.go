package main

import (
	"bufio"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/forestock/forestock/firmware-bridge/vector"
)

// maxLine bounds one line of input.
const maxLine = 1 << 20

func newDecode() *cobra.Command {
	return &cobra.Command{
		Use:   "decode",
		Short: "Say what bytes of scales and scanners mean",
		Long: `Read JSON objects from the standard input, one a line, and write what each of them means, one a line.

Input:  {"id": "...", "kind": "scale", "proto": "enq-dc1", "input_hex": "01 02 53 ...", "config": {"unit": "kg"}}
        kind is scale, scale_chunked, scale_stream, scale_cmd, scan, scan_frame, ssi, ai, gtin, gtin_normalise, sscc, date,
        digital_link, varmeasure or pw_check; input_text or input_chunks_hex may stand for input_hex
Output: {"id": "...", "result": {"value": "0.488", "unit": "kg", "stable": true, ...}} or {"id": "...", "result": {"error": "checksum"}}`,
		Example: `  echo '{"id":"a","kind":"scale","proto":"comma","input_text":"ST,GS,   0.123kg\r\n"}' | firmware-bridge decode
  echo '{"id":"b","kind":"gtin","input_text":"6901234567892"}' | firmware-bridge decode`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in := bufio.NewScanner(cmd.InOrStdin())
			in.Buffer(nil, maxLine)
			out := bufio.NewWriter(cmd.OutOrStdout())
			for n := 1; in.Scan(); n++ {
				if len(in.Bytes()) == 0 {
					continue
				}
				id, result, err := vector.Decode(in.Bytes())
				if err != nil {
					result = vector.Result{"error": "input", "message": fmt.Sprintf("line %d: %v", n, err)}
				}
				line, err := json.Marshal(struct {
					ID     string        `json:"id"`
					Result vector.Result `json:"result"`
				}{id, result})
				if err != nil {
					return fmt.Errorf("line %d: %w", n, err)
				}
				if _, err := out.Write(append(line, '\n')); err != nil {
					return err
				}
			}
			if err := in.Err(); err != nil {
				return fmt.Errorf("read input: %w", err)
			}
			return out.Flush()
		},
	}
}
