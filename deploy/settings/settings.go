// Package settings reads what an operator configured: a YAML file, environment
// variables and flags, the later winning over the earlier.
//
// It promises that nothing is ignored: an unknown key in the file is an error
// that names the file and the line, and an unknown variable with the
// program's prefix is an error that names the variable.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"
)

// Source says where the settings of one program come from.
type Source struct {
	File   string         // path of the YAML file; empty is none
	Prefix string         // of the environment variables: FORESTOCK_HUB
	Env    []string       // as os.Environ gives it
	Flags  *pflag.FlagSet // parsed; bound to the fields of the configuration
}

// Load fills cfg, a pointer to the struct that the flags are bound to. A flag
// named mqtt-listen is also the variable PREFIX_MQTT_LISTEN.
func (s Source) Load(cfg any) error {
	given := s.given()
	if s.File != "" {
		if err := readFile(s.File, cfg); err != nil {
			return err
		}
	}
	if err := s.loadEnv(); err != nil {
		return err
	}
	// The file has overwritten what the flags had set: set them once more.
	for _, again := range given {
		if err := again(); err != nil {
			return err
		}
	}
	return nil
}

// given gives, for each flag on the command line, what sets it once more.
func (s Source) given() []func() error {
	var out []func() error
	s.Flags.Visit(func(f *pflag.Flag) {
		again := func(text string) func() error { return func() error { return f.Value.Set(text) } }(f.Value.String())
		if list, ok := f.Value.(pflag.SliceValue); ok {
			items := list.GetSlice()
			again = func() error { return list.Replace(items) }
		}
		out = append(out, func() error {
			if err := again(); err != nil {
				return fmt.Errorf("--%s: %w", f.Name, err)
			}
			return nil
		})
	})
	return out
}

func (s Source) loadEnv() error {
	for _, pair := range s.Env {
		name, value, _ := strings.Cut(pair, "=")
		rest, ours := strings.CutPrefix(name, s.Prefix+"_")
		if !ours {
			continue
		}
		flag := strings.ToLower(strings.ReplaceAll(rest, "_", "-"))
		if s.Flags.Lookup(flag) == nil {
			return fmt.Errorf("environment variable %s: no such setting (see --help; %s_X_Y is --x-y)", name, s.Prefix)
		}
		if err := s.Flags.Set(flag, value); err != nil {
			return fmt.Errorf("environment variable %s: %w", name, err)
		}
	}
	return nil
}

func readFile(path string, cfg any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	err = yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(cfg)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	pos := at.GetToken().Position
	return fmt.Errorf("%s:%d:%d: %s\n%s", path, pos.Line, pos.Column, at.GetMessage(), excerpt(text, pos.Line))
}

// excerpt gives the line that an error speaks of.
func excerpt(text []byte, line int) string {
	lines := strings.Split(string(text), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	return fmt.Sprintf("%5d | %s", line, lines[line-1])
}
