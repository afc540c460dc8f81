package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// screenText is what the demo shows, while it shows it.
type screenText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screenText) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *screenText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// idle runs the demo and gives how to write the addresses of the README as those
// that it listens on.
func idle(t *testing.T) *strings.Replacer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir() // goes away after the demo
	out, ended := new(screenText), make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"--idle", "--any-port", "--weighed", "1", "--warehouses", "2", "--dir", dir}, out, out)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended with %v\n%s", err, out)
		}
	})
	address := func(label string) string {
		found := regexp.MustCompile(label).FindStringSubmatch(out.String())
		if found == nil {
			return ""
		}
		return found[1]
	}
	deadline := time.Now().Add(time.Minute)
	for address(`(synced)`) == "" { // the opening stock is there
		if time.Now().After(deadline) {
			t.Fatalf("the demo never showed its opening stock:\n%s", out)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return strings.NewReplacer("127.0.0.1:8080", address(`console   http://([\d.:]+)/`), "127.0.0.1:9090", address(`gRPC      ([\d.:]+)`),
		"127.0.0.1:8101", address(`station   http://([\d.:]+)/   dark-01`))
}

// walkThrough gives the commands of the README that a newcomer types.
func walkThrough(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), "\n### By hand\n")
	part, _, ends := strings.Cut(part, "\n## ")
	if !ok || !ends {
		t.Fatal("the README has no part \"By hand\"")
	}
	var out []string
	for _, found := range regexp.MustCompile(`(?m)^    ((?:curl|grpcurl) .+)$`).FindAllStringSubmatch(part, -1) {
		out = append(out, found[1])
	}
	return out
}

// perform runs a command and gives the JSON that it shows first.
func perform(t *testing.T, command string) ([]byte, error) {
	t.Helper()
	if strings.HasPrefix(command, "grpcurl ") {
		return invoke(t.Context(), command)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", "exec "+command)
	stdout, err := shell.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := shell.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadBytes('\n') // a watch goes on; everything else is one line, with or without its end
	if len(line) > 0 {
		err = nil
	}
	if strings.Contains(command, "-sN ") {
		cancel()
		_ = shell.Wait() // it was killed
		return line, err
	}
	if wrong := shell.Wait(); wrong != nil {
		return line, wrong
	}
	return line, err
}

var grpcurl = regexp.MustCompile(`^grpcurl -plaintext -d '(.+)' (\S+) (\S+)/(\S+)$`)

// invoke does what grpcurl does with the hub's descriptors: a field or a method
// that there is not fails.
func invoke(ctx context.Context, command string) ([]byte, error) {
	part := grpcurl.FindStringSubmatch(command)
	if part == nil {
		return nil, fmt.Errorf("%q is no grpcurl command as the README writes them", command)
	}
	service, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(part[3]))
	if err != nil {
		return nil, err
	}
	method := service.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(part[4]))
	if method == nil {
		return nil, fmt.Errorf("%s has no method %s", part[3], part[4])
	}
	request, answer := dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output())
	if err := protojson.Unmarshal([]byte(part[1]), request); err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(part[2], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.Invoke(ctx, "/"+part[3]+"/"+part[4], request, answer); err != nil {
		return nil, err
	}
	return protojson.Marshal(answer)
}

// judge says what is wrong with what a command showed. One of them shows what a
// shortage looks like.
func judge(command string, shown []byte) error {
	var body map[string]any
	if err := json.Unmarshal(shown, &body); err != nil {
		return fmt.Errorf("it shows no JSON: %w in %q", err, shown)
	}
	refused, _ := body["error"].(map[string]any)
	short := strings.Contains(command, `"quantity": 30000`)
	if short && refused["reason"] == "INSUFFICIENT_STOCK" || !short && refused == nil {
		return nil
	}
	return fmt.Errorf("it shows %s", shown)
}

// TestReadme_EveryCommandOfTheWalkThroughWorks does what a newcomer does.
func TestReadme_EveryCommandOfTheWalkThroughWorks(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	commands := walkThrough(t)
	if len(commands) < 20 {
		t.Fatalf("the walk-through has %d commands", len(commands))
	}
	here := idle(t)
	for _, command := range commands {
		shown, err := perform(t, here.Replace(command))
		if err == nil {
			err = judge(command, shown)
		}
		if err != nil {
			t.Errorf("%s\n  %v", command, err)
		}
	}
	// The negative control: commands that a careless change would leave behind.
	for _, command := range []string{
		`curl -s 127.0.0.1:8080/v1/warehouse`, `curl -s 127.0.0.1:8080/v1/reservations -d '{"reservation": {"sku": "C1065"}}'`,
		`grpcurl -plaintext -d '{"names": "x"}' 127.0.0.1:9090 forestock.v1.AvailabilityService/GetAvailability`,
	} {
		shown, err := perform(t, here.Replace(command))
		if err == nil && judge(command, shown) == nil {
			t.Errorf("%s passes", command)
		}
	}
}
