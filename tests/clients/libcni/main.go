// What cnitool does, on its library: libcni-client add|check|del NETWORK NETNS, with NETCONFPATH,
// CNI_PATH and CAP_ARGS. Debian packages the library without the tool.
package main

import (
	"context"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containernetworking/cni/libcni"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("usage: %s add|check|del NETWORK NETNS", os.Args[0]))
	}
	verb, network, netns := os.Args[1], os.Args[2], os.Args[3]
	list, err := libcni.LoadConfList(os.Getenv("NETCONFPATH"), network)
	fail(err)
	capabilities := map[string]interface{}{}
	if text := os.Getenv("CAP_ARGS"); text != "" {
		fail(json.Unmarshal([]byte(text), &capabilities))
	}
	digest := sha512.Sum512([]byte(netns))
	runtime := &libcni.RuntimeConf{
		ContainerID:    fmt.Sprintf("cnitool-%x", digest[:10]),
		NetNS:          netns,
		IfName:         "eth0",
		CapabilityArgs: capabilities,
	}
	cni := libcni.NewCNIConfig(filepath.SplitList(os.Getenv("CNI_PATH")), nil)
	switch ctx := context.Background(); verb {
	case "add":
		result, err := cni.AddNetworkList(ctx, list, runtime)
		fail(err)
		fail(result.Print())
	case "check":
		fail(cni.CheckNetworkList(ctx, list, runtime))
	case "del":
		fail(cni.DelNetworkList(ctx, list, runtime))
	default:
		fail(fmt.Errorf("unknown verb %q", verb))
	}
}
