import { PerStreamError } from '@perstream/spec'

const idPattern = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/
const commitPattern = /^[0-9a-f]{40}$/

/** @throws TypeError when it is no id of a model */
export function checkId(id: string): void {
  if (!idPattern.test(id) || id.includes('..')) throw new TypeError(`id is "${id}": give "owner/name"`)
}

/** @throws TypeError when it is no revision */
export function checkRevision(revision: string): void {
  if (!isInside(revision)) throw new TypeError(`revision is "${revision}": give a branch, a tag or a commit`)
}

/** Tells whether a revision is a commit, which never changes. */
export function isCommit(revision: string): boolean {
  return commitPattern.test(revision)
}

/** Tells whether a path stays within the folder it is joined to, on every system. */
export function isInside(path: string): boolean {
  if (path === '' || path.length > 1000 || /[\\:*?"<>|]/.test(path) || hasControls(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

function hasControls(path: string): boolean {
  return [...path].some((character) => character.codePointAt(0)! < 32)
}

/** A path or an id in a URL. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** Makes the error for an answer that is not what the protocol says. */
export function badReply(what: string, fields: Record<string, unknown> = {}): PerStreamError {
  return new PerStreamError('reply-invalid', `The hub's answer cannot be used: ${what}`, { fields })
}
