import type { Citation, Evidence, Memory } from '@perstream/spec'

/** Makes the citation of a memory: all its words, all its evidence. */
export function cite(memory: Memory): Citation {
  return { memoryId: memory.id, text: memory.text, evidence: memory.evidence }
}

/** Writes seconds as m:ss, or h:mm:ss from an hour on. Parts of a second are dropped. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  const tail = String(whole % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`
}

/**
 * The latest evidence of a memory that is a moment. What has neither a length nor a frame says which source it came from, not when:
 * memories that were imported, or told in writing.
 */
export function lastSeen({ evidence }: Memory): Evidence | undefined {
  return evidence
    .filter(({ startSeconds, endSeconds, frames }) => endSeconds > startSeconds || frames.length > 0)
    .at(-1)
}

/** "at 0:12" or "at 0:12-0:15", of when a memory was last seen; empty when that is not known. */
export function whenSeen(memory: Memory): string {
  const last = lastSeen(memory)
  if (!last) return ''
  const start = formatSeconds(last.startSeconds)
  const end = formatSeconds(last.endSeconds)
  return start === end ? `at ${start}` : `at ${start}-${end}`
}

/** "I read", "I saw" and so on: how the words came about. */
export function howKnown(memory: Memory): string {
  return { read: 'I read', seen: 'I saw', said: 'I heard', described: 'I noted', told: 'You told me' }[memory.origin]
}
