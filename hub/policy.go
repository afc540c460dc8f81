package main

import (
	"context"
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
	cmd := &cobra.Command{Use: "get WAREHOUSE [SKU]", Short: "Show the policy that holds", Args: cobra.RangeArgs(1, 2)}
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		return answer(ctx, hub, hub.admin().GetPolicy, &forestockv1.GetPolicyRequest{Name: policyName(hub.args)}, printPolicy)
	})
}

func policySetCommand(stdout io.Writer) *cobra.Command {
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
	cmd.Flags().StringVar(&text, "policy", "", "the policy as JSON, as \"hub policy get\" shows it")
	cmd.Flags().BoolVar(&remove, "remove", false, "take the policy away")
	cmd.MarkFlagsOneRequired("policy", "remove")
	cmd.MarkFlagsMutuallyExclusive("policy", "remove")
	decided(cmd, &req.By, &req.Reason, "why it is sold like this")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		if !remove {
			req.Policy = new(forestockv1.Policy)
			if err := protojson.Unmarshal([]byte(text), req.GetPolicy()); err != nil {
				return fmt.Errorf("read the policy: %w", err)
			}
		}
		req.Name = policyName(hub.args)
		return answer(ctx, hub, hub.admin().SetPolicy, req, printPolicy)
	})
}

func policyListCommand(stdout io.Writer) *cobra.Command {
	req := &forestockv1.ListPoliciesRequest{}
	cmd := &cobra.Command{Use: "list WAREHOUSE", Short: "List the policies of a warehouse that are in force", Args: cobra.ExactArgs(1)}
	cmd.Flags().BoolVar(&req.ShowHistory, "history", false, "everything that was ever set, newest first")
	return asking(cmd, stdout, func(ctx context.Context, hub *asked) error {
		req.Parent = "warehouses/" + hub.args[0]
		return listed(ctx, hub, hub.admin().ListPolicies, req, &req.PageToken, (*forestockv1.ListPoliciesResponse).GetPolicies, printPolicy)
	})
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
