/** A retrieved memory as the prototype's passive prompt shows it. */
export interface PassiveMemory {
  /** Null is printed as "None", as the prototype does. */
  readonly text: string | null
}

const contextLimit = 1000

/**
 * Builds the prototype's passive prompt: numbered memories in retrieval order, then the question. A context longer than 1000 code points
 * (its header counts) is cut there and ends in "...". Without memories the question stands alone. (BEHAVIOUR 8.2, vectors G1, G2)
 */
export function buildPassivePrompt(memories: readonly PassiveMemory[], question: string): string {
  if (memories.length === 0) return question
  const lines = memories.map(({ text }, index) => `${index + 1}. ${text ?? 'None'}\n`)
  return `${cutContext(`Memories:\n${lines.join('')}`)}\n${question}`
}

function cutContext(context: string): string {
  const points = Array.from(context)
  return points.length > contextLimit ? `${points.slice(0, contextLimit).join('')}...` : context
}
