# Completion of mailkeep(1) for fish.  Generated from "mailkeep help --dump" by tests/check/completions.sh --write.

function __mailkeep_verbs
    printf '%s\t%s\n' \
        init 'make a vault for an account' \
        backup 'fetch what is new from the server' \
        status 'tell how old and how complete the backups are' \
        folders 'list the folders on the server' \
        log 'list runs and commits' \
        list 'list messages of a vault' \
        show 'show a message' \
        help 'explain mailkeep or one of its verbs' \
        version 'print the version'
end

# The verb on the command line; fails where there is none yet.
function __mailkeep_verb
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case --color
                set skip 1
            case -c --config
                set skip 1
            case '-*'
            case '*'
                echo $word
                return 0
        end
    end
    return 1
end

function __mailkeep_is
    set -l verb (__mailkeep_verb)
    and test $verb = $argv[1]
end

complete -c mailkeep -f
complete -c mailkeep -n 'not __mailkeep_verb >/dev/null' -l color -x -a 'auto always never' -d 'colour what is shown; auto: on a terminal'
complete -c mailkeep -n 'not __mailkeep_verb >/dev/null' -s c -l config -r -F -d 'read accounts from this file'
complete -c mailkeep -n 'not __mailkeep_verb >/dev/null' -s h -l help -d 'explain the verb and stop'
complete -c mailkeep -n 'not __mailkeep_verb >/dev/null' -l json -d 'print data as JSON, one object per line'
complete -c mailkeep -n 'not __mailkeep_verb >/dev/null' -s q -l quiet -d 'say only what is wrong'
complete -c mailkeep -n 'not __mailkeep_verb >/dev/null' -s v -l verbose -d 'say more; twice: also what the server is told'
complete -c mailkeep -n 'not __mailkeep_verb >/dev/null' -l version -d 'print the version and stop'
complete -c mailkeep -n 'not __mailkeep_verb >/dev/null' -a '(__mailkeep_verbs)'
complete -c mailkeep -n '__mailkeep_is init' -l container -x -a 'tar mbox' -d 'how packs hold messages: files in a tar, or a mailbox'
complete -c mailkeep -n '__mailkeep_is init' -l offline -d 'don\'t sign in to see whether the account is right'
complete -c mailkeep -n '__mailkeep_is init' -l rebind -d 'change the server or settings of an existing vault'
complete -c mailkeep -n '__mailkeep_is init' -s y -l yes -d 'don\'t ask before changing a vault'
complete -c mailkeep -n '__mailkeep_is init' -l credential -x -d 'systemd credential that holds the password'
complete -c mailkeep -n '__mailkeep_is init' -l disable -x -d 'do not use this capability of the server'
complete -c mailkeep -n '__mailkeep_is init' -l folder -x -d 'folders to back up; "!PATTERN": not these; may be repeated'
complete -c mailkeep -n '__mailkeep_is init' -l full-every -x -d 'compare everything at least this often (7d)'
complete -c mailkeep -n '__mailkeep_is init' -l insecure-plaintext -d 'with imap://, allow a connection without TLS'
complete -c mailkeep -n '__mailkeep_is init' -l insecure-plaintext-remote -d 'allow it to other hosts than this one too'
complete -c mailkeep -n '__mailkeep_is init' -l max-rate -x -d 'transfer at most this much a second'
complete -c mailkeep -n '__mailkeep_is init' -l password-command -x -d 'shell command that prints the password'
complete -c mailkeep -n '__mailkeep_is init' -l password-fd -x -d 'read the password from this descriptor'
complete -c mailkeep -n '__mailkeep_is init' -l password-file -r -F -d 'read the password from a file of mode 0600'
complete -c mailkeep -n '__mailkeep_is init' -l proxy -x -d 'connect through socks5h://HOST or http://HOST'
complete -c mailkeep -n '__mailkeep_is init' -l server -x -d 'the server, imaps://[USER@]HOST[:PORT]'
complete -c mailkeep -n '__mailkeep_is init' -l shared -d 'include other users\' and shared folders'
complete -c mailkeep -n '__mailkeep_is init' -l timeout -x -d 'silence after which the connection is dead (60)'
complete -c mailkeep -n '__mailkeep_is init' -l tls-ca -r -F -d 'trust these certificates instead of the system\'s'
complete -c mailkeep -n '__mailkeep_is init' -l tls-pin -x -d 'trust only this key of the server, sha256//...'
complete -c mailkeep -n '__mailkeep_is init' -l token-command -x -d 'shell command that prints an OAuth access token'
complete -c mailkeep -n '__mailkeep_is init' -l user -x -d 'the user to sign in as'
complete -c mailkeep -n '__mailkeep_is init' -l color -x -a 'auto always never' -d 'colour what is shown; auto: on a terminal'
complete -c mailkeep -n '__mailkeep_is init' -s c -l config -r -F -d 'read accounts from this file'
complete -c mailkeep -n '__mailkeep_is init' -s h -l help -d 'explain the verb and stop'
complete -c mailkeep -n '__mailkeep_is init' -l json -d 'print data as JSON, one object per line'
complete -c mailkeep -n '__mailkeep_is init' -s q -l quiet -d 'say only what is wrong'
complete -c mailkeep -n '__mailkeep_is init' -s v -l verbose -d 'say more; twice: also what the server is told'
complete -c mailkeep -n '__mailkeep_is init' -l version -d 'print the version and stop'
complete -c mailkeep -n '__mailkeep_is init' -a '(__fish_complete_directories)'
complete -c mailkeep -n '__mailkeep_is init' -a '(mailkeep help --accounts 2>/dev/null)' -d account
complete -c mailkeep -n '__mailkeep_is backup' -s n -l dry-run -d 'say what would be looked at, fetch and write nothing'
complete -c mailkeep -n '__mailkeep_is backup' -l full -d 'compare every message, trust no shortcut'
complete -c mailkeep -n '__mailkeep_is backup' -l wait -d 'wait while another mailkeep writes to the vault'
complete -c mailkeep -n '__mailkeep_is backup' -l credential -x -d 'systemd credential that holds the password'
complete -c mailkeep -n '__mailkeep_is backup' -l disable -x -d 'do not use this capability of the server'
complete -c mailkeep -n '__mailkeep_is backup' -l folder -x -d 'folders to back up; "!PATTERN": not these; may be repeated'
complete -c mailkeep -n '__mailkeep_is backup' -l full-every -x -d 'compare everything at least this often (7d)'
complete -c mailkeep -n '__mailkeep_is backup' -l insecure-plaintext -d 'with imap://, allow a connection without TLS'
complete -c mailkeep -n '__mailkeep_is backup' -l insecure-plaintext-remote -d 'allow it to other hosts than this one too'
complete -c mailkeep -n '__mailkeep_is backup' -l max-rate -x -d 'transfer at most this much a second'
complete -c mailkeep -n '__mailkeep_is backup' -l password-command -x -d 'shell command that prints the password'
complete -c mailkeep -n '__mailkeep_is backup' -l password-fd -x -d 'read the password from this descriptor'
complete -c mailkeep -n '__mailkeep_is backup' -l password-file -r -F -d 'read the password from a file of mode 0600'
complete -c mailkeep -n '__mailkeep_is backup' -l proxy -x -d 'connect through socks5h://HOST or http://HOST'
complete -c mailkeep -n '__mailkeep_is backup' -l server -x -d 'the server, imaps://[USER@]HOST[:PORT]'
complete -c mailkeep -n '__mailkeep_is backup' -l shared -d 'include other users\' and shared folders'
complete -c mailkeep -n '__mailkeep_is backup' -l timeout -x -d 'silence after which the connection is dead (60)'
complete -c mailkeep -n '__mailkeep_is backup' -l tls-ca -r -F -d 'trust these certificates instead of the system\'s'
complete -c mailkeep -n '__mailkeep_is backup' -l tls-pin -x -d 'trust only this key of the server, sha256//...'
complete -c mailkeep -n '__mailkeep_is backup' -l token-command -x -d 'shell command that prints an OAuth access token'
complete -c mailkeep -n '__mailkeep_is backup' -l user -x -d 'the user to sign in as'
complete -c mailkeep -n '__mailkeep_is backup' -l color -x -a 'auto always never' -d 'colour what is shown; auto: on a terminal'
complete -c mailkeep -n '__mailkeep_is backup' -s c -l config -r -F -d 'read accounts from this file'
complete -c mailkeep -n '__mailkeep_is backup' -s h -l help -d 'explain the verb and stop'
complete -c mailkeep -n '__mailkeep_is backup' -l json -d 'print data as JSON, one object per line'
complete -c mailkeep -n '__mailkeep_is backup' -s q -l quiet -d 'say only what is wrong'
complete -c mailkeep -n '__mailkeep_is backup' -s v -l verbose -d 'say more; twice: also what the server is told'
complete -c mailkeep -n '__mailkeep_is backup' -l version -d 'print the version and stop'
complete -c mailkeep -n '__mailkeep_is backup' -a '(__fish_complete_directories)'
complete -c mailkeep -n '__mailkeep_is backup' -a '(mailkeep help --accounts 2>/dev/null)' -d account
complete -c mailkeep -n '__mailkeep_is status' -l max-age -x -d 'exit 11 where the last good backup is older'
complete -c mailkeep -n '__mailkeep_is status' -l color -x -a 'auto always never' -d 'colour what is shown; auto: on a terminal'
complete -c mailkeep -n '__mailkeep_is status' -s c -l config -r -F -d 'read accounts from this file'
complete -c mailkeep -n '__mailkeep_is status' -s h -l help -d 'explain the verb and stop'
complete -c mailkeep -n '__mailkeep_is status' -l json -d 'print data as JSON, one object per line'
complete -c mailkeep -n '__mailkeep_is status' -s q -l quiet -d 'say only what is wrong'
complete -c mailkeep -n '__mailkeep_is status' -s v -l verbose -d 'say more; twice: also what the server is told'
complete -c mailkeep -n '__mailkeep_is status' -l version -d 'print the version and stop'
complete -c mailkeep -n '__mailkeep_is status' -a '(__fish_complete_directories)'
complete -c mailkeep -n '__mailkeep_is status' -a '(mailkeep help --accounts 2>/dev/null)' -d account
complete -c mailkeep -n '__mailkeep_is folders' -l credential -x -d 'systemd credential that holds the password'
complete -c mailkeep -n '__mailkeep_is folders' -l disable -x -d 'do not use this capability of the server'
complete -c mailkeep -n '__mailkeep_is folders' -l folder -x -d 'folders to back up; "!PATTERN": not these; may be repeated'
complete -c mailkeep -n '__mailkeep_is folders' -l full-every -x -d 'compare everything at least this often (7d)'
complete -c mailkeep -n '__mailkeep_is folders' -l insecure-plaintext -d 'with imap://, allow a connection without TLS'
complete -c mailkeep -n '__mailkeep_is folders' -l insecure-plaintext-remote -d 'allow it to other hosts than this one too'
complete -c mailkeep -n '__mailkeep_is folders' -l max-rate -x -d 'transfer at most this much a second'
complete -c mailkeep -n '__mailkeep_is folders' -l password-command -x -d 'shell command that prints the password'
complete -c mailkeep -n '__mailkeep_is folders' -l password-fd -x -d 'read the password from this descriptor'
complete -c mailkeep -n '__mailkeep_is folders' -l password-file -r -F -d 'read the password from a file of mode 0600'
complete -c mailkeep -n '__mailkeep_is folders' -l proxy -x -d 'connect through socks5h://HOST or http://HOST'
complete -c mailkeep -n '__mailkeep_is folders' -l server -x -d 'the server, imaps://[USER@]HOST[:PORT]'
complete -c mailkeep -n '__mailkeep_is folders' -l shared -d 'include other users\' and shared folders'
complete -c mailkeep -n '__mailkeep_is folders' -l timeout -x -d 'silence after which the connection is dead (60)'
complete -c mailkeep -n '__mailkeep_is folders' -l tls-ca -r -F -d 'trust these certificates instead of the system\'s'
complete -c mailkeep -n '__mailkeep_is folders' -l tls-pin -x -d 'trust only this key of the server, sha256//...'
complete -c mailkeep -n '__mailkeep_is folders' -l token-command -x -d 'shell command that prints an OAuth access token'
complete -c mailkeep -n '__mailkeep_is folders' -l user -x -d 'the user to sign in as'
complete -c mailkeep -n '__mailkeep_is folders' -l color -x -a 'auto always never' -d 'colour what is shown; auto: on a terminal'
complete -c mailkeep -n '__mailkeep_is folders' -s c -l config -r -F -d 'read accounts from this file'
complete -c mailkeep -n '__mailkeep_is folders' -s h -l help -d 'explain the verb and stop'
complete -c mailkeep -n '__mailkeep_is folders' -l json -d 'print data as JSON, one object per line'
complete -c mailkeep -n '__mailkeep_is folders' -s q -l quiet -d 'say only what is wrong'
complete -c mailkeep -n '__mailkeep_is folders' -s v -l verbose -d 'say more; twice: also what the server is told'
complete -c mailkeep -n '__mailkeep_is folders' -l version -d 'print the version and stop'
complete -c mailkeep -n '__mailkeep_is folders' -a '(__fish_complete_directories)'
complete -c mailkeep -n '__mailkeep_is folders' -a '(mailkeep help --accounts 2>/dev/null)' -d account
complete -c mailkeep -n '__mailkeep_is log' -l last -x -d 'only the newest commits'
complete -c mailkeep -n '__mailkeep_is log' -l color -x -a 'auto always never' -d 'colour what is shown; auto: on a terminal'
complete -c mailkeep -n '__mailkeep_is log' -s c -l config -r -F -d 'read accounts from this file'
complete -c mailkeep -n '__mailkeep_is log' -s h -l help -d 'explain the verb and stop'
complete -c mailkeep -n '__mailkeep_is log' -l json -d 'print data as JSON, one object per line'
complete -c mailkeep -n '__mailkeep_is log' -s q -l quiet -d 'say only what is wrong'
complete -c mailkeep -n '__mailkeep_is log' -s v -l verbose -d 'say more; twice: also what the server is told'
complete -c mailkeep -n '__mailkeep_is log' -l version -d 'print the version and stop'
complete -c mailkeep -n '__mailkeep_is log' -a '(__fish_complete_directories)'
complete -c mailkeep -n '__mailkeep_is log' -a '(mailkeep help --accounts 2>/dev/null)' -d account
complete -c mailkeep -n '__mailkeep_is list' -s a -l all -d 'also what is gone from the server'
complete -c mailkeep -n '__mailkeep_is list' -l at -x -d 'the mailbox as it was then'
complete -c mailkeep -n '__mailkeep_is list' -l color -x -a 'auto always never' -d 'colour what is shown; auto: on a terminal'
complete -c mailkeep -n '__mailkeep_is list' -s c -l config -r -F -d 'read accounts from this file'
complete -c mailkeep -n '__mailkeep_is list' -s h -l help -d 'explain the verb and stop'
complete -c mailkeep -n '__mailkeep_is list' -l json -d 'print data as JSON, one object per line'
complete -c mailkeep -n '__mailkeep_is list' -s q -l quiet -d 'say only what is wrong'
complete -c mailkeep -n '__mailkeep_is list' -s v -l verbose -d 'say more; twice: also what the server is told'
complete -c mailkeep -n '__mailkeep_is list' -l version -d 'print the version and stop'
complete -c mailkeep -n '__mailkeep_is list' -a '(__fish_complete_directories)'
complete -c mailkeep -n '__mailkeep_is list' -a '(mailkeep help --accounts 2>/dev/null)' -d account
complete -c mailkeep -n '__mailkeep_is show' -l headers -d 'print the header as it was sent'
complete -c mailkeep -n '__mailkeep_is show' -l raw -d 'print the message byte for byte'
complete -c mailkeep -n '__mailkeep_is show' -l color -x -a 'auto always never' -d 'colour what is shown; auto: on a terminal'
complete -c mailkeep -n '__mailkeep_is show' -s c -l config -r -F -d 'read accounts from this file'
complete -c mailkeep -n '__mailkeep_is show' -s h -l help -d 'explain the verb and stop'
complete -c mailkeep -n '__mailkeep_is show' -l json -d 'print data as JSON, one object per line'
complete -c mailkeep -n '__mailkeep_is show' -s q -l quiet -d 'say only what is wrong'
complete -c mailkeep -n '__mailkeep_is show' -s v -l verbose -d 'say more; twice: also what the server is told'
complete -c mailkeep -n '__mailkeep_is show' -l version -d 'print the version and stop'
complete -c mailkeep -n '__mailkeep_is show' -a '(__fish_complete_directories)'
complete -c mailkeep -n '__mailkeep_is show' -a '(mailkeep help --accounts 2>/dev/null)' -d account
complete -c mailkeep -n '__mailkeep_is help' -l accounts -d 'list the accounts of the config file, one per line'
complete -c mailkeep -n '__mailkeep_is help' -l dump -d 'list all verbs and options in a form for programs'
complete -c mailkeep -n '__mailkeep_is help' -l color -x -a 'auto always never' -d 'colour what is shown; auto: on a terminal'
complete -c mailkeep -n '__mailkeep_is help' -s c -l config -r -F -d 'read accounts from this file'
complete -c mailkeep -n '__mailkeep_is help' -s h -l help -d 'explain the verb and stop'
complete -c mailkeep -n '__mailkeep_is help' -l json -d 'print data as JSON, one object per line'
complete -c mailkeep -n '__mailkeep_is help' -s q -l quiet -d 'say only what is wrong'
complete -c mailkeep -n '__mailkeep_is help' -s v -l verbose -d 'say more; twice: also what the server is told'
complete -c mailkeep -n '__mailkeep_is help' -l version -d 'print the version and stop'
complete -c mailkeep -n '__mailkeep_is help' -a '(__mailkeep_verbs)'
complete -c mailkeep -n '__mailkeep_is version' -l color -x -a 'auto always never' -d 'colour what is shown; auto: on a terminal'
complete -c mailkeep -n '__mailkeep_is version' -s c -l config -r -F -d 'read accounts from this file'
complete -c mailkeep -n '__mailkeep_is version' -s h -l help -d 'explain the verb and stop'
complete -c mailkeep -n '__mailkeep_is version' -l json -d 'print data as JSON, one object per line'
complete -c mailkeep -n '__mailkeep_is version' -s q -l quiet -d 'say only what is wrong'
complete -c mailkeep -n '__mailkeep_is version' -s v -l verbose -d 'say more; twice: also what the server is told'
complete -c mailkeep -n '__mailkeep_is version' -l version -d 'print the version and stop'
