#!/usr/bin/env bash
# A real single-node Kubernetes (kube-apiserver, controller-manager, scheduler, kubelet, kube-proxy 1.36.3; etcd; containerd, runc, CNI bridge; CoreDNS) for
# end-to-end tests on a machine without a container registry. Everything comes from Debian packages and Go modules. Needs root and Linux.
# The whole cluster lives in a network namespace of its own; nothing listens outside it.
#
#   real-cluster.sh install            packages and binaries (about 10 min the first time on 2 cores; cached in $RC_HOME/bin)
#   real-cluster.sh up                 starts it, waits for a Ready node, prints the kubeconfig's path
#   real-cluster.sh exec CMD...        runs CMD inside the cluster's network (kubectl, curl to ClusterIPs and pod IPs); KUBECONFIG is set
#   real-cluster.sh load IMAGE.tar     imports an OCI archive into the node (use imagePullPolicy: IfNotPresent or Never)
#                                      images of load-images.sh need no loading: the node pulls them from a registry inside the cluster's network
#   real-cluster.sh down               stops and wipes it (binaries stay)
# Env: RC_HOME (default ~/.cache/real-cluster)
set -euo pipefail
H=${RC_HOME:-$HOME/.cache/real-cluster}; B=$H/bin; R=$H/state; V=1.36.3; NS=real-cluster; GW=10.88.0.1
mkdir -p "$B" "$R"
HERE=$(cd "$(dirname "$0")" && pwd); NODE=$HERE/../../node_modules/.bin/node
say() { echo "real-cluster: $*" >&2; }
inside() { nsenter --net=/run/netns/$NS -- "$@"; }
start() { # name cmd...: runs in the namespace, in the background, pid and log in $R
  local n=$1; shift; nsenter --net=/run/netns/$NS -- "$@" > "$R/$n.log" 2>&1 & echo $! > "$R/$n.pid"; }
wait_for() { # seconds what cmd...
  local s=$1 w=$2; shift 2; for _ in $(seq "$s"); do "$@" >/dev/null 2>&1 && return; sleep 1; done; say "$w did not come up; logs in $R"; exit 1; }

install_all() {
  apt-get update -qq >/dev/null; apt-get install -y -qq etcd-server containerd runc buildah containernetworking-plugins iptables iproute2 conntrack socat openssl curl >/dev/null
  mkdir -p "$H/src" && cd "$H/src"
  if [ ! -x "$B/kubelet" ]; then
    say "building Kubernetes $V"; go mod download "k8s.io/kubernetes@v$V"; local d; d=$(go env GOMODCACHE)/k8s.io/kubernetes@v$V
    { printf 'module realcluster\n\ngo 1.26\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$V"
      grep -oE 'k8s\.io/[A-Za-z0-9./_-]+ v0\.0\.0($| )' "$d/go.mod" | awk '{print "\t"$1" => "$1" v0.36.3"}' | sort -u; printf ')\n'; } > go.mod
    { printf '//go:build tools\n\npackage tools\n\nimport (\n'; for c in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy; do printf '\t_ "k8s.io/kubernetes/cmd/%s/app"\n' "$c"; done; echo ')'; } > tools.go
    go mod tidy >/dev/null 2>&1
    for c in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet; do say "  $c"; go build -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$V" -o "$B/$c" "k8s.io/kubernetes/cmd/$c"; done
  fi
  [ -x "$B/coredns" ] || { say "building CoreDNS"; GOBIN=$B go install github.com/coredns/coredns@v1.12.4; }
  if [ ! -f "$B/pause.tar" ]; then
    printf 'package main\n\nimport (\n\t"os"\n\t"os/signal"\n\t"syscall"\n)\n\nfunc main() { c := make(chan os.Signal, 1); signal.Notify(c, syscall.SIGTERM, syscall.SIGINT); <-c }\n' > "$H/src/pause.go"
    CGO_ENABLED=0 go build -o "$H/src/pause" "$H/src/pause.go"
    local c; export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs; c=$(buildah from scratch); buildah copy -q "$c" "$H/src/pause" /pause >/dev/null; buildah config --entrypoint '["/pause"]' "$c"
    buildah commit -q "$c" localhost/pause:1 >/dev/null; buildah push -q localhost/pause:1 "oci-archive:$B/pause.tar:localhost/pause:1"; buildah rm "$c" >/dev/null
  fi
}

up() {
  [ -x "$B/kubelet" ] && [ -f "$B/pause.tar" ] || install_all
  cd "$R"; ip netns add $NS; inside ip link set lo up
  inside ip link add cni0 type bridge; inside ip addr add $GW/16 dev cni0; inside ip link set cni0 up; inside sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.route_localnet=1
  inside ip route add default dev cni0
  openssl genrsa -out sa.key 2048 2>/dev/null; echo "admintoken,admin,admin,system:masters" > token.csv
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=real-cluster-ca 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout api.key -out api.csr -subj /CN=kube-apiserver 2>/dev/null
  openssl x509 -req -in api.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out api.crt -extfile <(echo "subjectAltName=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:10.96.0.1,IP:$GW") 2>/dev/null
  printf 'apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: "https://%s:6443", certificate-authority: %s/ca.crt}}]\nusers: [{name: u, user: {token: admintoken}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\n' $GW "$R" > kubeconfig
  start etcd etcd --data-dir "$R/etcd" --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
  start apiserver "$B/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --bind-address=0.0.0.0 --advertise-address=$GW --tls-cert-file=api.crt --tls-private-key-file=api.key --service-account-key-file=sa.key \
    --service-account-signing-key-file=sa.key --service-account-issuer=https://kubernetes.default.svc.cluster.local --token-auth-file=token.csv --authorization-mode=Node,RBAC --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true --kubelet-preferred-address-types=InternalIP
  wait_for 60 apiserver inside curl -sf --cacert ca.crt -H 'Authorization: Bearer admintoken' https://$GW:6443/readyz
  start controller-manager "$B/kube-controller-manager" --kubeconfig kubeconfig --service-account-private-key-file=sa.key --root-ca-file=ca.crt --use-service-account-credentials=false --leader-elect=false --cluster-signing-cert-file=ca.crt --cluster-signing-key-file=ca.key
  start scheduler "$B/kube-scheduler" --kubeconfig kubeconfig --leader-elect=false
  mkdir -p cni; printf '{"cniVersion":"0.4.0","name":"b","plugins":[{"type":"bridge","bridge":"cni0","isGateway":true,"hairpinMode":true,"ipMasq":false,"ipam":{"type":"host-local","dataDir":"%s/ipam","ranges":[[{"subnet":"10.88.0.0/16","gateway":"%s"}]],"routes":[{"dst":"0.0.0.0/0"}]}},{"type":"portmap","capabilities":{"portMappings":true}}]}\n' "$R" $GW > cni/10-b.conflist
  mkdir -p certs.d/_default "$H/images"; printf 'server = "http://%s:5000"\n[host."http://%s:5000"]\n  capabilities = ["pull", "resolve"]\n' $GW $GW > certs.d/_default/hosts.toml
  start registry "$NODE" "$HERE/registry.ts" "$H/images" $GW 5000
  containerd config default | sed "s#/var/lib/containerd#$R/containerd#; s#config_path = \"\"#config_path = \"$R/certs.d\"#; s#/run/containerd#$R/containerd-run#g; s#sandbox_image = .*#sandbox_image = \"localhost/pause:1\"#; s#bin_dir = .*#bin_dir = \"/usr/lib/cni\"#; s#conf_dir = .*#conf_dir = \"$R/cni\"#; s#restrict_oom_score_adj = false#restrict_oom_score_adj = true#" > containerd.toml
  start containerd containerd -c containerd.toml
  wait_for 30 containerd ctr -a "$R/containerd-run/containerd.sock" version
  ctr -a "$R/containerd-run/containerd.sock" -n k8s.io images import "$B/pause.tar" >/dev/null
  printf 'nameserver 127.0.0.1\n' > resolv.conf
  cat > kubelet.yaml <<X
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix://$R/containerd-run/containerd.sock
clusterDNS: [$GW]
clusterDomain: cluster.local
resolvConf: $R/resolv.conf
cgroupsPerQOS: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
evictionHard: {imagefs.available: "1%", nodefs.available: "1%", memory.available: "50Mi"}
syncFrequency: 30s
registryPullQPS: 0
X
  start kubelet "$B/kubelet" --config kubelet.yaml --kubeconfig kubeconfig --hostname-override node1 --node-ip $GW --root-dir "$R/kubelet"
  start kube-proxy "$B/kube-proxy" --kubeconfig kubeconfig --hostname-override node1 --proxy-mode iptables --cluster-cidr 10.88.0.0/16 --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0s --conntrack-tcp-timeout-close-wait 0s
  cat > Corefile <<X
cluster.local:53 in-addr.arpa:53 {
  bind $GW
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $R/kubeconfig
    pods insecure
  }
}
.:53 {
  bind $GW
  template ANY ANY {
    rcode NXDOMAIN
  }
}
X
  start coredns "$B/coredns" -conf Corefile
  wait_for 30 dns inside curl -sf http://127.0.0.1:8181/ready
  wait_for 60 node sh -c "nsenter --net=/run/netns/$NS -- kubectl --kubeconfig kubeconfig get node node1 | grep -q ' Ready'"
  echo "$R/kubeconfig"
}

down() {
  local p sock="$R/containerd-run/containerd.sock"
  if [ -f "$R/kubeconfig" ]; then # let the kubelet take its pods down, so that no network namespace stays behind
    KUBECONFIG=$R/kubeconfig timeout 20 nsenter --net=/run/netns/$NS -- sh -c 'kubectl delete deploy,ds,sts,job,rs -A --all --wait=false; kubectl delete pods -A --all --grace-period=1 --wait=false' >/dev/null 2>&1 || true
    for _ in $(seq 20); do [ -z "$(ctr -a "$sock" -n k8s.io containers ls -q 2>/dev/null)" ] && break; sleep 0.5; done
  fi
  for p in kubelet; do [ -f "$R/$p.pid" ] && kill "$(cat "$R/$p.pid")" 2>/dev/null || true; done
  if [ -S "$R/containerd-run/containerd.sock" ]; then
    for t in $(ctr -a "$R/containerd-run/containerd.sock" -n k8s.io tasks ls -q 2>/dev/null); do ctr -a "$R/containerd-run/containerd.sock" -n k8s.io tasks kill -s KILL "$t" >/dev/null 2>&1 || true; done; sleep 1
    for t in $(ctr -a "$R/containerd-run/containerd.sock" -n k8s.io containers ls -q 2>/dev/null); do ctr -a "$R/containerd-run/containerd.sock" -n k8s.io tasks rm -f "$t" >/dev/null 2>&1 || true; ctr -a "$R/containerd-run/containerd.sock" -n k8s.io containers rm "$t" >/dev/null 2>&1 || true; done
  fi
  for p in registry coredns kube-proxy scheduler controller-manager apiserver containerd etcd; do [ -f "$R/$p.pid" ] && kill "$(cat "$R/$p.pid")" 2>/dev/null || true; done; sleep 2
  for p in "$R"/*.pid; do [ -f "$p" ] && kill -9 "$(cat "$p")" 2>/dev/null || true; done
  awk -v r="$R/" 'index($2,r)==1{print $2}' /proc/mounts | sort -r | while read -r m; do umount -l "$m" 2>/dev/null || true; done
  ip netns del $NS 2>/dev/null || true; rm -rf "${R:?}"
}

case ${1:-} in
  install) install_all ;;
  up) up ;;
  down) down ;;
  load) ctr -a "$R/containerd-run/containerd.sock" -n k8s.io images import "$2" ;;
  exec) shift; KUBECONFIG=$R/kubeconfig inside "$@" ;;
  *) sed -n '2,12p' "$0"; exit 2 ;;
esac
