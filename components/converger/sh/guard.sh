# shellcheck shell=sh
# A change that touches the way that SSH comes by (plan/guard.awk says which do) is done under guard. A timer of systemd's outlives client,
# sshd's child and this program; `armed` in the journal is its third state: all is done that goes before a commit. A new connection commits
# it, else it is taken back. What is on the disk meanwhile is as before the change, so a power cut takes it back too; all that it leaves is
# a mark, by which a look tells what became of it, as Pulumi's state holds the change for done.

guard_folder=$run_dir/guard
guard_timer=crosshost-guard

# before the first step
arm() {
    read -r seconds touched <"$journal_dir/1/guard"
    guarded=1
    if ! said=$(prepare_guard 2>&1) || ! said="tried \`systemd-run\`: $(start_timer 2>&1)"; then
        cannot_begin "cannot be put under guard: $said"
    fi
}

# by a copy of this program that stays whatever becomes of the installed one; /run may be full
prepare_guard() {
    printf '%s %s %s %s\n%s\n' $(($(uptime_now) + seconds)) "$seconds" "$(boot_now)" "$touched" "$client" >"$journal_dir/guard" &&
        mkdir -p "$guard_folder" && cp "$0" "$guard_folder/crosshost"
}

# The service of an earlier one may still wait for the lock. It starts anew when it is killed at its work, too.
start_timer() {
    stop_timer
    systemd-run --quiet --collect --unit=$guard_timer --on-active="${seconds}s" --timer-property=AccuracySec=100ms \
        --property=Restart=on-failure --property=RestartSec=1s \
        --description='Crosshost: takes back a change of the network that nobody commits' /bin/sh "$guard_folder/crosshost" expire
}

disarm() {
    [ -e "$journal_dir/guard" ] || return 0
    stop_timer
    rm -rf "$guard_folder"
}

# With what it has started, which may wait for the lock or to be started anew; that itself only stops the timer. systemd answers
# nobody while it starts itself anew, as in an upgrade of it; 5 says that there is no such unit.
stop_timer() {
    tries=50
    set -- $guard_timer.timer
    [ "$0" = "$guard_folder/crosshost" ] || set -- "$@" $guard_timer.service
    until systemctl stop "$@" 2>/dev/null || [ $? -eq 5 ] || [ $((tries -= 1)) -eq 0 ]; do sleep 0.1; done
}

# its command has succeeded when it is: from here on the mark says what became of it
hold() {
    said=$(write_mark '' 2>&1) || give_up "cannot be recorded: $said"
    ticks_now >"$journal_dir/armed"
    acting='' guarded=''
    say "$changed of its entries changed, under guard: taken back in $seconds s unless committed"
}

# Of the boot that goes on now, and of no clock that anybody may set.
uptime_now() {
    read -r uptime _ </proc/uptime
    printf %s "${uptime%.*}"
}

# as began() says them
ticks_now() {
    read -r uptime _ </proc/uptime
    echo "${uptime%.*}${uptime#*.}"
}

boot_now() {
    cat /proc/sys/kernel/random/boot_id
}

is_armed() {
    [ -e "$journal_dir/armed" ] && [ ! -e "$journal_dir/committed" ]
}

is_due() {
    read -r until seconds boot touched <"$journal_dir/guard"
    [ "$boot" != "$(boot_now)" ] || [ "$(uptime_now)" -ge "$until" ]
}

# $1: flock's -x or -s
meet_guard() {
    told=''
    while is_armed; do
        if [ "$1" = -x ] && is_due; then
            take_back
        elif [ "$1" = -x ] && is_proof; then
            commit_armed
        else
            wait_for_commit "$1" || return 0
        fi
    done
}

# Who comes by another connection has come by the way as it is now, unless he came before and had to wait. The commit itself says of which
# text; of one that is taken out of the program any command of its stack, from where it came from too, is as good.
is_proof() {
    [ -n "$client" ] && [ "$client" != "$(armed_connection)" ] && [ "$(began $$)" -ge "$(cat "$journal_dir/armed")" ] || return 1
    read -r _ armed_unit _ <"$journal_dir/what"
    if [ "$verb:$stack:$unit" = "commit:$armed_unit" ]; then
        [ -z "$digest" ] || [ "$digest" = "$(digest_of "$journal_dir/new")" ]
    else
        [ "$stack" = "${armed_unit%%:*}" ] && [ "${client%% *}" = "$(armed_connection | cut -d ' ' -f 1)" ]
    fi
}

armed_connection() {
    sed -n 2p "$journal_dir/guard"
}

digest_of() {
    { sha256sum <"$1"; } 2>/dev/null | cut -c 1-16
}

# without the lock, which the commit wants; who only looks does so for 20 s
wait_for_commit() {
    is_due
    if [ -z "$told" ]; then
        told=$(uptime_now)
        read -r _ armed_unit _ <"$journal_dir/what"
        printf 'crosshost: waiting for the commit of unit %s, which is under guard for %s s\n' "${armed_unit#*:}" "$seconds" >&2
    elif [ "$1" = -s ] && [ $(($(uptime_now) - told)) -ge 20 ]; then
        return 1
    fi
    flock -u 9
    exec 8<&-
    sleep 0.2
    if [ "$1" = -s ]; then lock_shared; else lock; fi
}

# what had to wait for it, another look, and the record
commit_armed() {
    become_unfinished
    rm "$journal_dir/armed"
    acting=1
    round=2
    while [ -e "$journal_dir/$round" ]; do round=$((round + 1)); done
    mkdir "$journal_dir/$round"
    mv "$journal_dir/1/late" "$journal_dir/$round/do"
    true >"$journal_dir/$round/ready" || give_up "no room in $run_dir"
    until_in_step
    commit
    say "committed"
}

take_back() {
    is_due
    if [ "$boot" = "$(boot_now)" ]; then
        why="no commit came within $seconds s, $(way_seen)"
    else
        why=$went_down
    fi
    become_unfinished
    undo || why="$why, but not everything is as before: $difference"
    write_mark "$why"
    printf 'crosshost: unit %s was taken back: %s\n' "$unit" "$why" >&2
}

went_down='the host went down before it was committed, and came up as before'

# how packets would go back to whoever asked for the change
way_seen() {
    # shellcheck disable=SC2046 # split into words
    set -- $(armed_connection)
    back=$(ip -o route get "$1" from "$3" 2>&1 | head -n 1)
    case $back in
        *' dev '*) ;;
        *)
            printf 'when there was no route back to %s (%s)' "$1" "$back"
            return
            ;;
    esac
    link=${back#* dev }
    link=${link%% *}
    case $back in
        *' via '*) next=${back#* via } && next=${next%% *} ;;
        *) next=$1 ;;
    esac
    state=$(ip -o neigh show to "$next" dev "$link" | sed 's/ *$//; s/.* //')
    carrier=$(cat "/sys/class/net/$link/carrier" 2>/dev/null)
    printf 'when the way back to %s was by %s dev %s' "$1" "$next" "$link"
    [ "$carrier" = 1 ] || printf ', which is down'
    printf ', neighbour %s' "${state:-unknown}"
}

# The timer's. A change that is still at work has had its time; that it is undone it hears from us, and does itself if it can. Who only
# looks, and does not come to an end, keeps nobody locked out.
expire() {
    trap '' HUP PIPE
    if [ -e "$journal_dir/guard" ] && is_due; then stop_holders; fi
    lock
    if is_armed; then
        ! is_due || take_back
    else
        recover
    fi
    [ -e "$journal_dir/guard" ] || rm -rf "$guard_folder"
}

stop_holders() {
    if is_armed && flock -x -w 1 "$run_dir" true; then return; fi
    for signal in TERM KILL; do
        for open in /proc/[0-9]*/fd/8; do
            pid=${open#/proc/}
            pid=${pid%%/*}
            if [ "$pid" != $$ ] && same_file "$open" "$run_dir"; then kill -s $signal "$pid" && kill -s CONT "$pid"; fi
        done 2>/dev/null
        flock -x -w 2 "$run_dir" true && return
    done
}

why_interrupted() {
    if [ -e "$journal_dir/guard" ] && is_due; then
        printf 'not done within the %s s of its guard' "$seconds"
    else
        printf interrupted
    fi
}

# ---- the mark: a token, and why it was taken back

mark_of() {
    printf %s "$lib_dir/$1/guarded/$2"
}

# on the disk before anybody hears of success
write_mark() {
    mark=$(mark_of "$stack" "$unit")
    make_folder "${mark%/*}" || return
    token=$(sed -n 1p "$mark" 2>/dev/null)
    [ -n "$1" ] || token=$(printf '%s %s' "$(boot_now)" "$(cat /proc/uptime)" | sha256sum | cut -c 1-12)
    printf '%s\n%s\n' "$token" "$1" >"$mark.new" && sync "$mark.new" && mv -f "$mark.new" "$mark" && sync "${mark%/*}"
}

forget_mark() {
    mark=$(mark_of "$1" "$2")
    if [ -d "${mark%/*}" ]; then
        rm -f "$mark"
        prune_folder "${mark%/*}"
    fi
}

# ---- the verb `commit`: on stdin of which text, or nothing: of whatever is there of the unit

hear_commit() {
    digest=''
    [ -t 0 ] || digest=$(sed -n 's/^commit: //p')
}

tell_commit() {
    mark=$(mark_of "$stack" "$unit")
    on_file=$lib_dir/$stack/units/$unit
    if [ -n "$digest" ] && [ "$digest" = "$(digest_of "$on_file")" ]; then
        say "stays as it is"
    elif [ -e "$mark" ]; then
        why=$(sed -n 2p "$mark")
        kept=''
        if [ -z "$digest" ] && [ -e "$on_file" ]; then
            kept=", with what was to be removed: once the cause is gone, run \`pulumi up\` with it in the program, then remove it again"
        fi
        die "unit $unit on $(cat /proc/sys/kernel/hostname): the change was taken back, ${why:-$went_down}; the host is as before$kept"
    elif [ -n "$digest" ]; then
        die "unit $unit on $(cat /proc/sys/kernel/hostname): is not what this run has applied: another run has changed it since"
    else
        say "stays as it is"
    fi
}
