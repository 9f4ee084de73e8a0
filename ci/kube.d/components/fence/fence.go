// Package fence enforces NetworkPolicy for the pods of one machine with nftables, as a network plugin would. Plugins that do
// are not to be had as Go modules; and a test of an isolation needs one that really refuses packets.
//
// Everything is computed anew at each change and replaced in one transaction: the clusters of tests are small.
// Like most enforcers it leaves open connections alone.
package fence

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const table = "pounce-fence"

// Main runs until SIGINT or SIGTERM, and takes its table away with it.
func Main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the cluster")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *kubeconfig); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}

	// Room for one: however much changes while rules are written, they are written once more.
	changed := make(chan struct{}, 1)
	notice := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	watched := informers.NewSharedInformerFactory(client, 0)
	pods, namespaces, policies := watched.Core().V1().Pods(), watched.Core().V1().Namespaces(), watched.Networking().V1().NetworkPolicies()
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { notice() },
			UpdateFunc: func(any, any) { notice() },
			DeleteFunc: func(any) { notice() },
		}); err != nil {
			return err
		}
	}
	watched.Start(ctx.Done())
	watched.WaitForCacheSync(ctx.Done())
	notice()

	inForce := ""
	for {
		select {
		case <-ctx.Done():
			return nft("delete table inet " + table)
		case <-changed:
		}
		// A deployment's pods come together.
		time.Sleep(20 * time.Millisecond)
		var now world
		if now.pods, err = pods.Lister().List(labels.Everything()); err != nil {
			return err
		}
		if now.policies, err = policies.Lister().List(labels.Everything()); err != nil {
			return err
		}
		all, err := namespaces.Lister().List(labels.Everything())
		if err != nil {
			return err
		}
		now.namespaces = map[string]labels.Set{}
		for _, namespace := range all {
			now.namespaces[namespace.Name] = namespace.Labels
		}
		rules := now.rules()
		if rules == inForce {
			continue
		}
		if err := nft(rules); err != nil {
			log.Print(err)
			time.AfterFunc(time.Second, notice)
			continue
		}
		inForce = rules
		log.Printf("%d policies are in force, %d bytes of rules", len(now.policies), len(rules))
	}
}

// nft carries out a script of the nft language, all of it or nothing.
func nft(script string) error {
	command := exec.Command("nft", "-f", "-")
	command.Stdin = strings.NewReader(script)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s\n%s", err, said, script)
	}
	return nil
}
