# shellcheck shell=sh
# A change: refused before anything is done, or done whole, or undone. The journal holds the new text, the steps of each
# round and what undoes them; `ready` in it means that steps may have run, `committed` that they all have.

# $1: where the new text is (a file, - for stdin, nothing when the unit goes). 0 in step, 2 refused, 3 and 4 see plan.awk,
# 5 its journal is not whole
plan() {
    new=$1
    set --
    for file in "$lib_dir"/*/units/*; do
        [ -f "$file" ] || continue
        owner=${file%/units/*}
        owner=${owner##*/}
        role=other
        if [ "$owner" = "$stack" ]; then
            case $verb:$unit in
                uninstall:* | *":${file##*/}") role=old ;;
            esac
        fi
        [ "$file" != "$new" ] || continue
        set -- "$@" "at=$owner:${file##*/}" role=$role "$file"
    done
    [ -z "$new" ] || set -- "$@" "at=$stack:$unit" role=new "$new"
    run_awk -v mode="$mode" -v verb="$verb" -v stack="$stack" -v me="$stack:$unit" -v among="$among" -v restarted="$restarted" -v phase="$phase" -v round="$round" -v client="${client%% *}" -v connection="$client" -v guarded="$guarded" \
        -v verifying="$verifying" -v has_docker="$has_docker" -v has_iptables="$has_iptables" -v has_nft="$has_nft" -v has_wg="$has_wg" -v has_wg_go="$has_wg_go" -v program="$0" \
        -v version="$version" -v lib_dir="$lib_dir" -v run_dir="$run_dir" -v journal_dir="$journal_dir" \
        -v systemd_dir="$systemd_dir" "$@" /dev/null
    planned=$?
    # Where /run is full, mawk and gawk say 2 and busybox's awk says nothing. `changed` is what is written last.
    [ ! -d "$journal_dir/$round" ] || [ -s "$journal_dir/$round/changed" ] || planned=5
    return $planned
}

# $1: where the new text is
change() {
    round=1
    plan "$1"
    case $? in
        0)
            forget_mark "$stack" "$unit"
            say "in step, nothing to do"
            return
            ;;
        2) exit 2 ;;
        3) ;;
        4)
            commit
            say "in step, its new text is stored"
            return
            ;;
        5) cannot_begin "no room in $run_dir for the change's journal" ;;
        *) cannot_begin "awk failed" ;;
    esac
    acting=1
    [ ! -e "$journal_dir/1/guard" ] || arm
    true >"$journal_dir/1/ready" || cannot_begin "no room in $run_dir"
    read -r changed <"$journal_dir/1/changed"
    until_in_step
    if [ -e "$journal_dir/guard" ]; then
        hold
        return
    fi
    commit
    say "$changed of its entries changed"
}

cannot_begin() {
    disarm
    rm -rf "$journal_dir"
    die "unit $unit on $(cat /proc/sys/kernel/hostname): $1; nothing was changed"
}

# The kernel forgets things by itself (neighbours when an address changes, routes when a link goes down): act, look again.
until_in_step() {
    verifying=1 first=$round
    while :; do
        if ! run_steps "$journal_dir/$round/do" || ! release_held; then give_up "$failure"; fi
        may_not_hold "$journal_dir/$round/do" || return 0
        round=$((round + 1))
        if [ "$verb" = delete ] || [ "$verb" = uninstall ]; then plan ''; else plan "$journal_dir/new"; fi
        case $? in
            0) return ;;
            3) [ $((round - first)) -le 2 ] || give_up "$(cat "$journal_dir"/$round/do/*.keys | sort -u | head -n 1): did not take effect" ;;
            5) give_up "no room in $run_dir for the change's journal" ;;
            *) give_up "refused after the change" ;;
        esac
        true >"$journal_dir/$round/ready" || give_up "no room in $run_dir"
    done
}

# all but what Docker has said yes to in a network that stays, files, and services
may_not_hold() {
    for file in "$1"/*; do
        case $file in
            *.keys | *.hosts | *.put | *.remove | *.prune | *.enable | *.systemctl) ;;
            *.docker) ! grep -q '^network create' "$file" || return 0 ;;
            *) return 0 ;;
        esac
    done
    return 1
}

give_up() {
    acting='' docker_back=''
    so_far=$(changed_before)
    undone="put back: $so_far"
    [ -n "$so_far" ] || undone="nothing was changed"
    where="unit $unit on $(cat /proc/sys/kernel/hostname)"
    [ ! -e "$journal_dir/guard" ] || [ ! -e "$(mark_of "$stack" "$unit")" ] || write_mark "$1"
    if undo; then
        die "$where: $1; $undone$docker_back"
    else
        die "$where: $1; $undone$docker_back, but not everything is as before: $difference"
    fi
}

undo() {
    acting=''
    for round in 8 7 6 5 4 3 2 1; do
        [ ! -e "$journal_dir/$round/ready" ] || undo_steps "$journal_dir/$round/undo"
    done
    release_held
    if [ "$verb" = delete ] || [ "$verb" = uninstall ]; then new=''; else new=$journal_dir/new; fi
    mode=state
    plan "$new" | sort >"$journal_dir/after"
    mode=plan
    difference=$(sort "$journal_dir/before" | comm -3 - "$journal_dir/after" | head -n 2 | tr '\t\n' '  ')
    disarm
    rm -rf "$journal_dir"
    [ -z "$difference" ]
}

commit() {
    true >"$journal_dir/committed" || give_up "no room in $run_dir"
    acting=''
    finish
}

# may be run again after a kill
finish() {
    read -r done_verb done_unit _ <"$journal_dir/what"
    folder=$lib_dir/${done_unit%%:*}
    done_unit=${done_unit#*:}
    case $done_verb in
        apply)
            write_unit "$folder/units" "$done_unit" ||
                die "unit $done_unit: done, but cannot be recorded in $folder/units; the next run tries again"
            while read -r forerunner; do rm -f "$folder/units/$forerunner"; done 2>/dev/null <"$journal_dir/forerunners"
            ;;
        delete) rm -f "$folder/units/$done_unit" ;;
        uninstall) rm -rf "$folder" ;;
    esac
    # what was renamed or removed may else be as before after a power cut
    sync "$folder/units" 2>/dev/null || :
    forget_mark "${folder##*/}" "$done_unit"
    keep_new_config
    disarm
    rm -rf "$journal_dir"
}

# whole on the disk before it takes the place of the old one
write_unit() {
    make_folder "$1" && install -m 0644 "$journal_dir/new" "$1/.$2" && sync "$1/.$2" && mv -f "$1/.$2" "$1/$2"
}

# what a run left behind that was killed
recover() {
    if [ ! -d "$journal_dir" ]; then
        back_config # it was lost with the power, as all of /run
    elif [ -e "$journal_dir/committed" ]; then
        finish
    elif [ -e "$journal_dir/1/ready" ]; then
        undo_unfinished
    else
        rm -rf "$journal_dir"
    fi
}

# the request that was killed; the one at hand is set again after it
become_unfinished() {
    read -r verb unit restarted among <"$journal_dir/what"
    restarted=${restarted#-}
    stack=${unit%%:*}
    unit=${unit#*:}
}

undo_unfinished() {
    become_unfinished
    left=''
    undo || left=", but not everything is as before: $difference"
    printf 'crosshost: undid an unfinished %s of unit %s%s\n' "$verb" "$unit" "$left" >&2
}

say() {
    if [ "$unit" = '*' ]; then
        printf '%s: %s\n' "$stack" "$1"
    else
        printf '%s: %s\n' "$unit" "$1"
    fi
}
