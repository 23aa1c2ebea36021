# shellcheck shell=sh disable=SC2154
# takes the place of run_awk in the converger, see run
run_awk() {
    case " $* " in
        *" - /dev/null "*) cat >"$freeze_dir/stdin.$$" ;;
    esac
    (
        at=$(mktemp -d "$freeze_dir/XXXXXX")
        if [ -e "$freeze_dir/stdin.$$" ]; then
            mv "$freeze_dir/stdin.$$" "$at/stdin"
            for word; do
                shift
                [ "$word" != - ] || word=$at/stdin
                set -- "$@" "$word"
            done
        fi
        # what is read for undoing writes none, and its answer goes into a file there
        journal=$journal_dir
        [ "$mode" = plan ] || journal=$at/none
        [ ! -d "$journal" ] || cp -a "$journal" "$at/saved"
        awk -f "$freeze_dir/before.awk" "$@" >"$at/out.before" 2>"$at/err.before" </dev/null
        echo $? >"$at/status.before"
        [ ! -d "$journal" ] || mv "$journal" "$at/journal.before"
        [ ! -d "$at/saved" ] || mv "$at/saved" "$journal"
        { printf '%s\n' "$awk_program" | awk -f /dev/fd/4 "$@" 4<&0 </dev/null >"$at/out.after" 2>"$at/err.after"; }
        status=$?
        echo $status >"$at/status.after"
        [ ! -d "$journal" ] || cp -a "$journal" "$at/journal.after"
        # lines in no order that matters: what is compared sorted after undoing, and facts
        case $mode:$* in
            state:* | *mode=observe*)
                sort -o "$at/out.before" "$at/out.before"
                sort -o "$at/out.after.sorted" "$at/out.after"
                ;;
            *) cp "$at/out.after" "$at/out.after.sorted" ;;
        esac
        for before in "$at/journal.before/before" "$at/journal.after/before"; do
            [ ! -f "$before" ] || sort -o "$before" "$before"
        done
        echo "$*" >>"$freeze_dir/compared"
        for what in out err status journal; do
            [ -e "$at/$what.before" ] || [ -e "$at/$what.after" ] || continue
            after=$at/$what.after
            [ $what != out ] || after=$after.sorted
            diff -r "$at/$what.before" "$after" >"$at/diff" || {
                echo "== $what: $*"
                cat "$at/diff"
            } >>"$freeze_dir/different"
        done
        cat "$at/out.after"
        cat "$at/err.after" >&2
        rm -rf "$at"
        exit $status
    )
}
