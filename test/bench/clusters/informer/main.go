// A contender of the benchmark: client-go's informers of pods and Services, with a transform that keeps
// only what Ballast's records keep. Orders come as lines on standard input, answers go as lines of JSON
// (contender.ts).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	check(err)
	// Its own limit of five calls a second would be measured otherwise.
	config.QPS = 10_000
	config.Burst = 10_000
	client, err := kubernetes.NewForConfig(config)
	check(err)
	reader := newReader(client)
	// What the first call loads and keeps is no pod's.
	call(client, 1)
	say(map[string]any{"ready": true})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		order, number, _ := strings.Cut(lines.Text(), " ")
		count, _ := strconv.Atoi(number)
		switch order {
		case "list":
			reader.list()
		case "events":
			go reader.events(int64(count))
		case "calls":
			call(client, count)
			say(map[string]any{"ready": true})
		}
	}
}

type reader struct {
	factory informers.SharedInformerFactory
	synced  []cache.InformerSynced
	seen    atomic.Int64
	wanted  atomic.Int64
	done    chan struct{}
}

func newReader(client kubernetes.Interface) *reader {
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0,
		informers.WithTransform(strip))
	r := &reader{factory: factory, done: make(chan struct{}, 1)}
	pods := factory.Core().V1().Pods().Informer()
	services := factory.Core().V1().Services().Informer()
	// Synced when the handlers have heard of all, as the other contenders have.
	registration, err := pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) {},
		UpdateFunc: func(any, any) { r.count() },
	})
	check(err)
	r.synced = []cache.InformerSynced{registration.HasSynced, services.HasSynced}
	return r
}

func (r *reader) list() {
	before := heap()
	cpu := cpuTime()
	began := time.Now()
	r.factory.Start(context.Background().Done())
	// cache.WaitForCacheSync asks only every 100 ms.
	for _, synced := range r.synced {
		for !synced() {
			time.Sleep(time.Millisecond)
		}
	}
	took := time.Since(began)
	spent := cpuTime() - cpu
	pods, err := r.factory.Core().V1().Pods().Lister().List(labels.Everything())
	check(err)
	services, err := r.factory.Core().V1().Services().Lister().List(labels.Everything())
	check(err)
	counts := []int{len(pods), len(services)}
	pods, services = nil, nil
	say(map[string]any{
		"milliseconds": float64(took.Microseconds()) / 1000,
		"cpu":          spent,
		"bytes":        float64(heap()) - float64(before),
		"pods":         counts[0],
		"services":     counts[1],
	})
}

func (r *reader) events(count int64) {
	r.seen.Store(0)
	r.wanted.Store(count)
	before := cpuTime()
	say(map[string]any{"ready": true})
	<-r.done
	say(map[string]any{"cpu": cpuTime() - before})
}

func (r *reader) count() {
	if r.seen.Add(1) == r.wanted.Load() {
		r.done <- struct{}{}
	}
}

func call(client kubernetes.Interface, count int) {
	for range count {
		_, err := client.CoreV1().Services("prod").Get(context.Background(), "app-0", metav1.GetOptions{})
		check(err)
	}
}

// Name, uid, version, phase and readiness: what Ballast's record of a pod is made of.
func strip(object any) (any, error) {
	switch one := object.(type) {
	case *corev1.Pod:
		return stripPod(one), nil
	case *corev1.Service:
		return &corev1.Service{
			ObjectMeta: stripMeta(one.ObjectMeta),
			Spec:       corev1.ServiceSpec{Type: one.Spec.Type, Ports: one.Spec.Ports},
		}, nil
	}
	return object, nil
}

func stripPod(pod *corev1.Pod) *corev1.Pod {
	slim := &corev1.Pod{
		ObjectMeta: stripMeta(pod.ObjectMeta),
		Status:     corev1.PodStatus{Phase: pod.Status.Phase},
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			kept := corev1.PodCondition{Type: corev1.PodReady, Status: condition.Status}
			slim.Status.Conditions = []corev1.PodCondition{kept}
		}
	}
	return slim
}

func stripMeta(meta metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:              meta.Name,
		Namespace:         meta.Namespace,
		UID:               meta.UID,
		ResourceVersion:   meta.ResourceVersion,
		DeletionTimestamp: meta.DeletionTimestamp,
	}
}

func heap() uint64 {
	// Twice: what finalizers hold is let go by the second.
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// Milliseconds of CPU of all threads.
func cpuTime() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

var mutex sync.Mutex

func say(answer map[string]any) {
	text, err := json.Marshal(answer)
	check(err)
	mutex.Lock()
	defer mutex.Unlock()
	fmt.Println(string(text))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
