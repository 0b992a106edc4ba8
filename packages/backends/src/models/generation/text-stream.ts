/** Makes whole text of the bytes of tokens, up to the first stop string. */
export interface TextStream {
  /** Adds the bytes of a token: the text that is certain now, perhaps none. */
  push(bytes: Uint8Array): string
  /** Whether a stop string was met: nothing after it is text. */
  readonly stopped: boolean
  /** What was still held back when the tokens ended. */
  end(): string
}

/**
 * Makes a text stream. A token may end within a character, and a stop string may lie across tokens: what could still
 * become one is held back until it is certain. Of stop strings in one piece the earliest ends the text; the stop
 * string itself is not text.
 */
export function createTextStream(stops: readonly string[] = []): TextStream {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let held = ''
  let stopped = false

  const take = (text: string): string => {
    held += text
    const at = firstStop(held, stops)
    if (at >= 0) {
      stopped = true
      const certain = held.slice(0, at)
      held = ''
      return certain
    }
    const keep = openLength(held, stops)
    const certain = held.slice(0, held.length - keep)
    held = held.slice(held.length - keep)
    return certain
  }

  return {
    get stopped() {
      return stopped
    },
    push: (bytes) => (stopped ? '' : take(decoder.decode(bytes, { stream: true }))),
    end() {
      if (stopped) return ''
      const certain = take(decoder.decode())
      return stopped ? certain : certain + held
    },
  }
}

function firstStop(text: string, stops: readonly string[]): number {
  let first = -1
  for (const stop of stops) {
    const at = text.indexOf(stop)
    if (at >= 0 && (first < 0 || at < first)) first = at
  }
  return first
}

/** How many characters at the end could be the beginning of a stop string. */
function openLength(text: string, stops: readonly string[]): number {
  let longest = 0
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (stop.startsWith(text.slice(text.length - length))) longest = length
    }
  }
  return longest
}
