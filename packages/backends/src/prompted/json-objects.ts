/**
 * The flat JSON objects in what a model wrote: within prose or fences, in a list or not, with Python's quotes, and
 * those before a place where it was cut off. What is no object is passed over.
 */
export function flatObjects(reply: string): Record<string, unknown>[] {
  const objects: Record<string, unknown>[] = []
  for (const [text] of reply.matchAll(/\{[^{}]*\}/g)) {
    const object =
      parse(text) ??
      parse(
        text
          .replace(/'/g, '"')
          .replace(/\bTrue\b/g, 'true')
          .replace(/\bFalse\b/g, 'false'),
      )
    if (object) objects.push(object)
  }
  return objects
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
