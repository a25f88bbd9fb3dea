# Completion of mailkeep(1) for fish.  Generated from "mailkeep help --dump" by tests/check/completions.sh --write.

function __mailkeep_verbs
    printf '%s\t%s\n' \
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
