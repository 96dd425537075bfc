/**
 * Scripts with which shells complete command lines. Each asks `gpuplay __complete WORD...`, which prints a
 * completion and its description per line; without any, the shell completes file names.
 */

export type ShellName = 'bash' | 'zsh' | 'fish'

/** bash splits words at `:` and `=` too, so the script splits the line itself, and answers for the last part. */
const bash = `_gpuplay() {
  local line=\${COMP_LINE:0:COMP_POINT} words=() part=\${COMP_WORDS[COMP_CWORD]} word begin
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=\${words[\${#words[@]}-1]}
  [[ $word == *"$part" ]] && begin=\${word%"$part"} || begin=
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    COMPREPLY+=("\${word#"$begin"}")
  done < <("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _gpuplay gpuplay
`

const zsh = `#compdef gpuplay
_gpuplay() {
  local -a found
  local line
  for line in "\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${line%%$'\\t'*}")
  done
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _gpuplay gpuplay
`

const fish = `function __gpuplay_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c gpuplay -f -a '(__gpuplay_complete)'
`

export const completionScripts: Readonly<Record<ShellName, string>> = { bash, zsh, fish }
