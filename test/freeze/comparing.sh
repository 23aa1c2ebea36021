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
        [ ! -d "$journal_dir" ] || cp -a "$journal_dir" "$at/saved"
        awk -f "$freeze_dir/before.awk" "$@" >"$at/out.before" 2>"$at/err.before" </dev/null
        echo $? >"$at/status.before"
        [ ! -d "$journal_dir" ] || mv "$journal_dir" "$at/journal.before"
        [ ! -d "$at/saved" ] || mv "$at/saved" "$journal_dir"
        { printf '%s\n' "$awk_program" | awk -f /dev/fd/4 "$@" 4<&0 </dev/null >"$at/out.after" 2>"$at/err.after"; }
        status=$?
        echo $status >"$at/status.after"
        [ ! -d "$journal_dir" ] || cp -a "$journal_dir" "$at/journal.after"
        sed -i "s/fact converger .*/fact converger/" "$at/out.before" "$at/out.after"
        # lines in no order that matters: what is compared sorted after undoing, and facts
        if [ "$mode" != plan ]; then sort -o "$at/out.before" "$at/out.before"; sort -o "$at/out.after" "$at/out.after"; fi
        for before in "$at/journal.before/before" "$at/journal.after/before"; do
            [ ! -f "$before" ] || sort -o "$before" "$before"
        done
        echo "$*" >>"$freeze_dir/compared"
        for what in out err status journal; do
            [ -e "$at/$what.before" ] || [ -e "$at/$what.after" ] || continue
            diff -r "$at/$what.before" "$at/$what.after" >"$at/diff" || {
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
