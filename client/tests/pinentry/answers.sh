#!/bin/sh
# A pinentry for tests, run through a symbolic link. In the link's folder it writes down what it was started with and
# sent, and finds the answer to GETPIN: lines of the Assuan protocol. To everything else it says OK.
folder=${0%/*}
{ printf 'arguments: %s\n' "$*"; env; } >> "$folder/started"
echo 'OK Pleased to meet you'
while IFS= read -r line; do
    printf '%s\n' "$line" >> "$folder/sent"
    case $line in
        GETPIN) cat "$folder/answer" ;;
        *) echo OK ;;
    esac
done
