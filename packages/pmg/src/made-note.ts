import type { MemoryInput } from '@perstream/spec'

/** A memory as tests write it. */
export function note(text: string, override: Partial<MemoryInput> = {}): MemoryInput {
  return { text, category: 'notes', origin: 'told', ...override }
}
