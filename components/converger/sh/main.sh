# shellcheck shell=sh
# The verbs.

look_for_programs() {
    has_docker='' has_perl='' has_iptables='' has_nft='' has_wg='' has_wg_go=''
    for program in awk flock sha256sum; do
        command -v "$program" >/dev/null 2>&1 || die "$program is not installed"
    done
    if command -v docker >/dev/null 2>&1; then has_docker=1; fi
    if command -v perl >/dev/null 2>&1; then has_perl=1; fi
    if command -v iptables >/dev/null 2>&1; then has_iptables=$(readlink -f "$(command -v iptables)"); fi
    if command -v nft >/dev/null 2>&1; then has_nft=1; fi
    if command -v wg >/dev/null 2>&1; then has_wg=1; fi
    if [ -c /dev/net/tun ] && command -v wireguard-go >/dev/null 2>&1; then has_wg_go=1; fi
}

observe() {
    lock_shared
    meet_guard -s
    journal=''
    if [ -e "$journal_dir/1/ready" ] && [ ! -e "$journal_dir/committed" ]; then
        { read -r journal <"$journal_dir/what"; } 2>/dev/null
    fi
    set -- "$lib_dir/$stack/guarded"/*
    taken=''
    for mark; do
        [ ! -f "$mark" ] || is_armed || taken="$taken ${mark##*/}"
    done
    stamps=$(stat --printf '%y ' /var/lib "$lib_dir" "$lib_dir/$stack" "$lib_dir/$stack/units" 2>/dev/null)
    set --
    for file in "$lib_dir"/*/units/*; do
        [ -f "$file" ] || continue
        owner=${file%/units/*}
        set -- "$@" "at=${owner##*/}:${file##*/}" role=other "$file"
    done
    run_awk -v mode=observe -v stack="$stack" -v journal="$journal" -v stamps="$stamps" -v taken="$taken" -v client="${client%% *}" -v connection="$client" -v socket="${CROSSHOST_SOCKET:-}" -v tls="${CROSSHOST_TLS:-}" \
        -v has_docker="$has_docker" -v has_perl="$has_perl" -v has_iptables="$has_iptables" -v has_nft="$has_nft" -v has_wg="$has_wg" -v has_wg_go="$has_wg_go" -v version="$version" -v lib_dir="$lib_dir" \
        -v run_dir="$run_dir" -v systemd_dir="$systemd_dir" "$@" /dev/null
}

# An argument may have 128 KiB (MAX_ARG_STRLEN), so awk reads its program from a descriptor. By a pipe, since bash makes a file
# in /tmp of a here-document that is longer than a pipe holds.
run_awk() {
    { printf '%s\n' "$awk_program" | CROSSHOST_PROFILES=$(profile_files) CROSSHOST_ENGINE=$engine_program awk -f /dev/fd/4 -v interfaces="$(interfaces_files)" "$@" 4<&0 <&5 5<&-; } 5<&0
}

# of ifupdown
interfaces_files() {
    printf '%s ' /etc/network/interfaces /etc/network/interfaces.d/*
}

# of NetworkManager, whose names have blanks
profile_files() {
    printf '%s\n' /etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/* /usr/lib/NetworkManager/system-connections/*
}

boot() {
    [ "$phase" != links ] || await_uplinks
    set --
    for path in "$lib_dir/$stack/units"/*; do
        [ ! -f "$path" ] || set -- "$@" "${path##*/}"
    done
    settle "$@"
}

# a link came up: as before Docker starts, for units that have routes over links of others
boot_with_routes() {
    phase=links
    # shellcheck disable=SC2046 # names of units hold no blanks
    settle $(grep -ls '^watch routes: ' "$lib_dir/$stack/units"/* | sed 's|.*/||')
}

# what is on file of these units, all at once; where that fails, each by itself: one that fails keeps no other from being applied
settle() {
    verifying=1
    if [ $# -eq 0 ] || (
        unit='*'
        among=$*
        change ''
    ) 2>/dev/null; then
        return
    fi
    failed=0
    for unit; do
        (change "$lib_dir/$stack/units/$unit") || failed=1
    done
    return $failed
}

# A resource that goes sends its text. Where another has taken the unit over, it is not its owner any more. Whoever runs this by
# hand sends nothing.
is_owner() {
    text=''
    [ -t 0 ] || text=$(cat)
    held=$(sed -n 's/^owner: //p' "$lib_dir/$stack/units/${1:-$unit}" 2>/dev/null)
    if [ -z "$text" ] || [ -z "$held" ] || [ "$(printf '%s\n' "$text" | sed -n 's/^owner: //p')" = "$held" ]; then
        return
    fi
    unit=${1:-$unit}
    held=${held#* }
    say "is managed by ${held% *} now, and stays"
    return 1
}

uninstall() {
    remove_orphans
    unit='*'
    change ''
    rm -rf "${lib_dir:?}/$stack" "${run_dir:?}/seen/$stack"
    rmdir "$run_dir/seen" 2>/dev/null
    set -- "$lib_dir"/*
    if [ ! -e "$1" ]; then
        rmdir "$lib_dir" 2>/dev/null
        rm -rf "$run_dir"
    fi
}

# the list at the top of this file
usage() {
    die "usage:
$(sed -n 's/^#   crosshost/  crosshost/p' "$0")"
}

check_name() {
    case $1 in
        '' | *[!A-Za-z0-9_.-]* | .* | -*) die "$2 \"$1\": must be letters, digits, dots, dashes and underscores" ;;
    esac
}

request() {
    verb=${1:-}
    stack=${2:-}
    unit=${3:-}
    container=${4:-}
    among='' restarted='' verifying='' guarded=''
    [ "$verb" != attach ] || container=$unit
}

main() {
    request "$@"
    case $verb:$# in
        observe:2 | install:2 | uninstall:2 | watch:2 | keep:2 | attach:2) check_name "$stack" stack ;;
        apply:3 | delete:3 | commit:3 | boot:3 | foretell:3)
            check_name "$stack" stack
            check_name "$unit" unit
            ;;
        attach:3)
            check_name "$stack" stack
            check_name "$container" container
            ;;
        vacate:[4-9] | vacate:[1-9][0-9]*)
            check_name "$stack" stack
            check_name "$unit" unit
            shift 3
            for one; do check_name "$one" container; done
            shift
            leaving=$*
            set -- vacate "$stack" "$unit" "$container"
            ;;
        tunnel:3 | resume:3) check_name "$stack" stack && check_name "$unit" device ;;
        facts:1 | expire:1 | exposes:2 | announce:4 | announceat:3) ;;
        ask:[3-9] | ask:[1-9][0-9]*) check_asked "$@" ;;
        *) usage ;;
    esac
    look_for_programs
    case $verb in
        expire)
            expire
            return
            ;;
        observe)
            observe </dev/null
            return
            ;;
        facts)
            observe </dev/null | grep '^fact ' | cut -d ' ' -f 2-
            return
            ;;
        watch | keep)
            "$verb"
            return
            ;;
        tunnel | resume)
            "$verb" "$unit"
            return
            ;;
        ask | exposes | announce | announceat)
            shift
            "$verb" "$@"
            return
            ;;
    esac
    trap '' HUP PIPE   # the client may go away, the change goes on
    exec 7>&2 # a step that is interrupted says what it has to say elsewhere
    trap '[ -z "$acting" ] || give_up "$(why_interrupted)" 2>&7; exit 143' INT TERM
    [ "$verb" != commit ] || hear_commit
    lock
    meet_guard -x
    recover
    request "$@"
    case $verb in
        vacate) vacate ;;
        attach) attach ;;
        install)
            [ -f "$0" ] || die "install: the program must be a file"
            verb=apply
            unit=host
            change -
            ;;
        apply)
            change -
            is_armed || tell_public_keys
            ;;
        foretell) foretell ;;
        commit) tell_commit ;;
        delete)
            if is_owner; then
                free_networks
                change ''
            fi
            ;;
        uninstall) ! is_owner host || uninstall ;;
        boot)
            phase=$unit
            if [ "$phase" = routes ]; then boot_with_routes; else boot; fi
            ;;
    esac
}
