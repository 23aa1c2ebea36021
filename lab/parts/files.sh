# shellcheck shell=bash
# What stacks, tests and people read: lab.json, known_hosts, ssh_config. Replaced whole, never half written.

write_lab_files() {
    write_atomically "$known_hosts" print_known_hosts
    write_atomically "$ssh_config" print_ssh_config
    write_atomically "$lab_file" print_lab_json
    chmod 600 "$lab_file"
}

write_atomically() { "$2" >"$1.new" && mv "$1.new" "$1"; }

host_key_of() { cut -d' ' -f1,2 "$lab_dir/$1/upper/etc/ssh/ssh_host_ed25519_key.pub"; }

print_known_hosts() {
    local name
    for name in $(made_hosts); do echo "$name,$(host_address "$name") $(host_key_of "$name")"; done
}

print_ssh_config() {
    local name
    for name in $(made_hosts); do printf 'Host %s\n    HostName %s\n' "$name" "$(host_address "$name")"; done
    printf '%s\n' "Host vm* $lan_net.*" '    User root' "    IdentityFile $key_file" '    IdentitiesOnly yes' \
        "    UserKnownHostsFile $known_hosts" '    StrictHostKeyChecking yes' '    ConnectTimeout 5' '    LogLevel ERROR'
}

print_lab_json() {
    cat <<E
{
    "name": "$lab",
    "lan": { "cidr": "$lan_net.0/24", "namespace": "$netns-lan", "address": "$lan_net.2" },
    "internet": { "namespace": "$netns-internet", "address": "$internet_net.1" },
    "registry": { "address": "lan-registry:5000", "images": ["lan-registry:5000/busybox:1"] },
    "privateRegistry": {
        "address": "lan-registry:5001",
        "images": ["lan-registry:5001/busybox:1"],
        "username": "$private_user",
        "password": "$(private_password)"
    },
    "privateKeyFile": "$key_file",
    "knownHostsFile": "$known_hosts",
    "sshConfigFile": "$ssh_config",
    "hosts": {
$(print_hosts_json | paste -sd, | sed 's/},/},\n/g')
    }
}
E
}

print_hosts_json() {
    local name
    for name in $(wanted_hosts); do
        printf '        "%s": { "address": "%s", "user": "root", "hostKey": "%s", "release": "%s", "engine": "%s", "kernel": "%s", "network": "%s" }\n' \
            "$name" "$(host_address "$name")" "$(host_key_of "$name")" "$(host_fact "$name" release)" \
            "$(host_fact "$name" engine)" "$(kernel_of "$name")" "$(host_fact "$name" network)"
    done
}
