# shellcheck shell=bash
# status: a table for people; with --json what lab.json says, where it lies and each host's state.

status() {
    case ${1:-} in
    '') print_status ;;
    --json) print_status_json ;;
    *) die "unknown option \"$1\"; there is --json" ;;
    esac
}

state_of() {
    if is_running "$1"; then
        echo running
    elif [ -e "$run_dir/$1.supervisor" ] && is_plugged_in "$1"; then
        echo "killed" # its supervisor did not get to clear up
    else
        echo off
    fi
}

print_status() {
    local name
    if [ -z "$(made_hosts)" ]; then
        say "lab $lab: nothing here; lab up makes it"
        return
    fi
    echo "lab $lab, LAN $lan_net.0/24 ($(lan_is_whole && echo up || echo down)), described in $lab_file"
    for name in $(made_hosts); do
        printf '%-5s %-8s %-16s %-9s %-12s %-9s %s\n' "$name" "$(state_of "$name")" "$(host_address "$name")" \
            "$(host_fact "$name" release)" "$(host_fact "$name" engine)" "$(host_fact "$name" network)" "$(kernel_of "$name") kernel"
    done
}

print_status_json() {
    local name states=''
    [ -e "$lab_file" ] || die "lab $lab has not been up yet: lab up"
    for name in $(made_hosts); do states+="${states:+, }\"$name\": \"$(state_of "$name")\""; done
    sed "1s|.*|{\n    \"file\": \"$lab_file\",\n    \"states\": { $states },|" "$lab_file"
}
