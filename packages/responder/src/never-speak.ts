import type { SpeakPolicy } from '@perstream/spec'

/** Makes a policy that never speaks up by itself. */
export function neverSpeak(): SpeakPolicy {
  return {
    async consider(_request, { signal } = {}) {
      signal?.throwIfAborted()
      return { kind: 'silent', reason: 'speaking up is switched off' }
    },
  }
}
