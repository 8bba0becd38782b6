#!/bin/sh
# Splunk starts this script (commands.conf, transforms.conf). It runs the program for this machine's processor. If that is not
# possible, it says why: to the user in Splunk's protocol if it was started as a search command, else on standard error.
# It works in any POSIX shell, needs no other tool on x86-64, and takes any characters in its path.

# Sets machine, as `uname -m` names it. The dynamic loader identifies x86-64: starting uname takes longer than the program itself.
identify_machine() {
    if [ -e /lib64/ld-linux-x86-64.so.2 ] && [ ! -e /lib/ld-linux-aarch64.so.1 ]; then
        machine=x86_64
        return
    fi
    machine=$(uname -m 2> /dev/null) || machine=
    [ -n "$machine" ] || { read -r machine < /proc/sys/kernel/arch; } 2> /dev/null || machine=
    for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-musl-x86_64.so.1 /lib/ld-linux-aarch64.so.1 /lib/ld-musl-aarch64.so.1; do
        [ -n "$machine" ] || [ ! -e "$loader" ] || machine=$loader
    done
    case $machine in
    amd64 | */ld-*-x86[-_]64.so.*) machine=x86_64 ;;
    arm64 | */ld-*-aarch64.so.*) machine=aarch64 ;;
    esac
}

# Sets program: beside this script, or beside the file that this script is a link to.
find_program() {
    case $0 in
    -*/*) here=./${0%/*} ;; # exec would take a hyphen for an option
    */*) here=${0%/*} ;;
    *) here=. ;;
    esac
    program=$here/dnsentropy-bin/dnsentropy-$machine
    if [ ! -e "$program" ] && [ -h "$0" ]; then
        script=$(readlink -f -- "$0" 2> /dev/null) || return 0
        program=${script%/*}/dnsentropy-bin/dnsentropy-$machine
    fi
}

# Says why the program does not run, and ends.
give_up() {
    trap - EXIT
    trap '' PIPE
    LC_ALL=C # a length is in bytes, and A-Z are 26 letters
    TMOUT=   # in bash, the number of seconds after which reading ends

    # The reply holds nothing that JSON would escape: no path, and only these characters of the machine's name.
    name=
    while [ -n "$machine" ]; do
        rest=${machine#?}
        case ${machine%"$rest"} in
        [A-Za-z0-9_-]) name=$name${machine%"$rest"} ;;
        esac
        machine=$rest
    done
    name=${name:-unknown}
    missing="there is no program for this machine ($name)"
    if [ -e "$program" ]; then
        problem="the program may not be executed on $name: give the files in the app's folder bin the mode 755, \
mount it without noexec, or install the app again"
    elif [ "$name" = x86_64 ]; then
        problem="$missing: install the app again; a search peer receives the program with the knowledge bundle"
    else
        problem="$missing: the app runs on Linux on x86_64; leave this server out of the search, for example by \
splunk_server_group"
    fi
    printf 'dnsentropy: %s (%s)\n' "$problem" "$program" >&2 || :
    case $command in
    dnsentropy | dnsexfil | urltoolbox | dnsbuiltin) answer "{\"finished\":true,\"error\":\"$problem\"}" ;;
    *) exit 1 ;;
    esac
    exit 0
}

# Reads one request, replies with this metadata, then reads until splunkd closes the input.
answer() {
    # The header is "chunked 1.0,<bytes of metadata>,<bytes of body>", perhaps with blanks. Without dd, the reply comes before
    # the rest of the request is read, which the pipe holds meanwhile.
    IFS= read -r header || return 0
    sizes=${header#*,}
    for size in "${sizes%%,*}" "${sizes#*,}"; do
        size=${size#"${size%%[0-9]*}"}
        size=${size%%[!0-9]*}
        [ -z "$size" ] || dd bs=1 count="$size" > /dev/null 2>&1 || :
    done
    printf 'chunked 1.0,%d,0\n%s' "${#1}" "$1" || :
    while read -r header; do :; done
}

command=${1-}
identify_machine
find_program
# A shell would take an empty file for a script that succeeds.
if [ ! -x "$program" ] || [ ! -s "$program" ]; then give_up; fi
# The script goes on only if the system refuses to start the program: dash ends then, bash ends unless execfail is set.
trap give_up EXIT
[ -z "${BASH_VERSION-}" ] || shopt -s execfail
exec "$program" "$@"
