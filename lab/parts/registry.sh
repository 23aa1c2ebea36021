# shellcheck shell=bash
# Two registries on the LAN, at lan-registry: 5000 is open, 5001 asks for a name and a password.
private_user=puller

run_registries() {
    run_registry open 5000
    run_registry private 5001
}

registry_is_running() { first_word "$run_dir/registry-$1.pid" && in_cgroup "registry-$1" "$REPLY"; }

run_registry() {
    local name=$1 port=$2
    if registry_is_running "$name"; then return; fi
    end_cgroup "registry-$name"
    write_registry_config "$name" "$port"
    step "$name registry at lan-registry:$port" start_registry "$name" "$port"
}

start_registry() {
    local name=$1 url=http://$lan_net.2:$2 login=()
    [ "$name" = open ] || login=(-u "$private_user:$(private_password)")
    (drop_locks && serve_registry "$name") &
    echo $! >"$run_dir/registry-$name.pid"
    await 20 curl -sf "${login[@]}" -o /dev/null "$url/v2/" ||
        die "the $name registry does not answer: see $lab_dir/registry-$name.log"
    curl -sf "${login[@]}" -o /dev/null "$url/v2/busybox/manifests/1" || push_image "$url" "${login[@]}"
}

serve_registry() {
    join_cgroup "registry-$1"
    exec setsid nsenter --net="/run/netns/$netns-lan" "$registry_program" serve "$lab_dir/registry-$1.yml" \
        </dev/null >>"$lab_dir/registry-$1.log" 2>&1
}

write_registry_config() {
    local name=$1 port=$2 auth=''
    if [ "$name" = private ]; then
        write_password_files
        auth="auth: { htpasswd: { realm: lab, path: $lab_dir/registry-htpasswd } }"
    fi
    cat >"$lab_dir/registry-$name.yml" <<E
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $lab_dir/registry-$name }, delete: { enabled: true } }
http: { addr: "$lan_net.2:$port", secret: "$(random_word)" }
$auth
E
}

write_password_files() {
    [ ! -s "$lab_dir/registry-htpasswd" ] || return 0
    (umask 077 && random_word >"$lab_dir/registry-password")
    # shellcheck disable=SC2016
    perl -e 'my ($u, $salt) = @ARGV; chomp(my $p = <STDIN>); print "$u:", crypt($p, "\$2y\$05\$$salt"), "\n"' \
        "$private_user" "$(random_word)" <"$lab_dir/registry-password" >"$lab_dir/registry-htpasswd"
}

private_password() { cat "$lab_dir/registry-password"; }

random_word() { head -c 64 /dev/urandom | base64 -w0 | tr -dc 'A-Za-z0-9' | cut -c1-22; }
