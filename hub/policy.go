package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	forestockv1 "github.com/forestock/forestock/proto/forestock/v1"
)

func policyCommand(stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Read and set how the stock of warehouses may be sold"}
	cmd.AddCommand(policyGetCommand(stdout), policySetCommand(stdout), policyListCommand(stdout))
	return cmd
}

// policyName gives the name of a warehouse's policy, or of one SKU's there.
func policyName(args []string) string {
	if len(args) > 1 {
		return "warehouses/" + args[0] + "/skus/" + args[1] + "/policy"
	}
	return "warehouses/" + args[0] + "/policy"
}

func policyGetCommand(stdout io.Writer) *cobra.Command {
	var at remote
	cmd := &cobra.Command{Use: "get WAREHOUSE [SKU]", Short: "Show the policy that holds", Args: cobra.RangeArgs(1, 2)}
	at.bind(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		p, err := forestockv1.NewAdminServiceClient(conn).GetPolicy(ctx, &forestockv1.GetPolicyRequest{Name: policyName(args)})
		if err != nil {
			return fmt.Errorf("get the policy: %w", err)
		}
		return printPolicy(stdout, p)
	}
	return cmd
}

func policySetCommand(stdout io.Writer) *cobra.Command {
	var at remote
	var text string
	var remove bool
	req := &forestockv1.SetPolicyRequest{}
	cmd := &cobra.Command{
		Use:   "set WAREHOUSE [SKU]",
		Short: "Set the policy of a warehouse, or of one SKU there",
		Long: `Sets the policy of a warehouse, or of one SKU there, as a whole: what the JSON
does not name is not kept from the policy before. Who set it, when and why is kept.`,
		Example: `  hub policy set dark-01 --by Li --reason miscounts --policy '{"safety": 2, "degraded_buffer_percent": 20}'
  hub policy set dark-01 milk-1l --by Li --reason promotion --policy '{"channel_quotas": [{"channel": "app", "percent": 80}]}'
  hub policy set dark-01 milk-1l --by Li --reason 'promotion is over' --remove`,
		Args: cobra.RangeArgs(1, 2),
	}
	at.bind(cmd)
	cmd.Flags().StringVar(&text, "policy", "", "the policy as JSON, as \"hub policy get\" shows it")
	cmd.Flags().BoolVar(&remove, "remove", false, "take the policy away")
	cmd.MarkFlagsOneRequired("policy", "remove")
	cmd.MarkFlagsMutuallyExclusive("policy", "remove")
	decided(cmd, &req.By, &req.Reason, "why it is sold like this")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !remove {
			req.Policy = new(forestockv1.Policy)
			if err := protojson.Unmarshal([]byte(text), req.GetPolicy()); err != nil {
				return fmt.Errorf("read the policy: %w", err)
			}
		}
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		req.Name = policyName(args)
		p, err := forestockv1.NewAdminServiceClient(conn).SetPolicy(ctx, req)
		if err != nil {
			return fmt.Errorf("set the policy: %w", err)
		}
		return printPolicy(stdout, p)
	}
	return cmd
}

func policyListCommand(stdout io.Writer) *cobra.Command {
	var at remote
	req := &forestockv1.ListPoliciesRequest{}
	cmd := &cobra.Command{Use: "list WAREHOUSE", Short: "List the policies of a warehouse that are in force", Args: cobra.ExactArgs(1)}
	at.bind(cmd)
	cmd.Flags().BoolVar(&req.ShowHistory, "history", false, "everything that was ever set, newest first")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, conn, err := at.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		req.Parent = "warehouses/" + args[0]
		return everyPage(&req.PageToken, func() (string, error) {
			page, err := forestockv1.NewAdminServiceClient(conn).ListPolicies(ctx, req)
			if err != nil {
				return "", fmt.Errorf("list policies: %w", err)
			}
			for _, p := range page.GetPolicies() {
				err = errors.Join(err, printPolicy(stdout, p))
			}
			return page.GetNextPageToken(), err
		})
	}
	return cmd
}

func printPolicy(stdout io.Writer, p *forestockv1.PolicySetting) error {
	who := "set by nobody"
	if p.GetBy() != "" {
		who = fmt.Sprintf("set %s by %s: %q", p.GetTime().AsTime().Format(clock), p.GetBy(), p.GetReason())
	}
	if p.GetInherited() {
		who += ", for the whole warehouse"
	}
	text := []byte("taken away")
	if p.GetPolicy() != nil {
		var err error
		if text, err = (protojson.MarshalOptions{UseProtoNames: true}).Marshal(p.GetPolicy()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(stdout, "%s  %s\n  %s\n", p.GetName(), who, text)
	return err
}
