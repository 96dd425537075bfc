/** The program that clones a repository, or fetches and checks out a commit. */
import { normalized } from '../../base/posix-paths.ts'
import type { Effect, Run } from '../../host/action.ts'
import type { Args } from './args.ts'

/** A commit of the repository, and how the task names it. */
export interface WantedCommit {
  readonly kind: 'branch' | 'tag' | 'commit'
  readonly name: string
  readonly commit: string
}

/**
 * Without `force`, a branch only moves forward, unless it is where `origin` was: then it has no commits of its
 * own, and may follow a rewritten or shallow history.
 */
const script = `set -e
dest=$1 url=$2 kind=$3 name=$4 commit=$5 depth=$6 force=$7 modules=$8
set --
[ -z "$depth" ] || set -- --depth "$depth"
if [ ! -e "$dest/.git" ]; then
  case $kind in commit) set -- --no-checkout ;; *) set -- "$@" --branch "$name" ;; esac
  git -c advice.detachedHead=false clone -q "$@" -- "$url" "$dest"
  cd -- "$dest"
  [ "$kind" != commit ] || git checkout -q --detach "$commit"
else
  cd -- "$dest"
  git remote set-url origin "$url" 2>/dev/null || git remote add origin "$url"
  there=refs/remotes/origin/$name
  before=$(git rev-parse -q --verify "$there" || true)
  case $kind in
    branch) git fetch -q "$@" origin "+refs/heads/$name:$there" ;;
    tag) git fetch -q "$@" origin "+refs/tags/$name:refs/tags/$name" ;;
    commit) git cat-file -e "$commit^{commit}" 2>/dev/null || git fetch -q --tags origin '+refs/heads/*:refs/remotes/origin/*' ;;
  esac
  [ "$force" = false ] || git reset -q --hard
  if [ "$kind" != branch ]; then git checkout -q --detach "$commit"
  else
    own=$(git rev-parse -q --verify "refs/heads/$name" || true)
    if [ -z "$own" ] || [ "$own" = "$before" ] || [ "$force" = true ]; then git checkout -q -B "$name" "$there"
    else git checkout -q "$name" -- && git merge -q --ff-only "$there" >/dev/null; fi
    [ "$(git rev-parse HEAD)" = "$(git rev-parse "$there")" ] || { echo "the branch $name has commits that the repository does not have" >&2; exit 1; }
  fi
fi
[ "$modules" = false ] || [ ! -e .gitmodules ] || git submodule update -q --init --recursive`

export function checkout(given: Args, { kind, name, commit }: WantedCommit, effects: readonly Effect[]): Run {
  const { repo, depth, force, recursive, timeout } = given
  const dest = normalized(given.dest)
  const options = [depth ?? '', force, recursive].map(String)
  return {
    kind: 'run',
    argv: ['/bin/sh', '-c', script, 'git', dest, repo, kind, name, commit, ...options],
    environment: { GIT_TERMINAL_PROMPT: '0' },
    timeout,
    label: `check out ${kind === 'commit' ? commit : `${kind} ${name} (${commit.slice(0, 12)})`} in ${dest}`,
    hint: 'check the address, and the keys or the login of the user on the host; `force: true` discards commits of the branch',
    effects,
  }
}
