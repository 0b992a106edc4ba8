import { importPeer } from '@perstream/kit'
import type { CallOptions } from '@perstream/spec'
import type * as Zod from 'zod'
import { findJson } from '../loose-json'
import { type AiRequest, dataRule, type RequestPart } from './request'
import type { AiService } from './service'

/** A reply in JSON: how it is asked for and how what comes is read. */
export interface StructuredForm<Value> {
  /** Names the form to the service: letters and underscores. */
  readonly name: string
  /** What to do, in words; the form is described there too, for services that keep to no schema. */
  readonly instructions: string
  /** The form. No lengths or ranges beyond `refine`: strict services refuse what they do not know. */
  readonly schema: (z: typeof Zod) => Zod.ZodType<Value>
  /** Brings what looks like the form into it, or gives undefined. */
  readonly coerce: (value: unknown) => unknown
  readonly maxOutputTokens: number
}

/**
 * Asks for a reply in a form.
 * @throws PerStreamError `reply-invalid` when two replies are not of the form, `dependency-missing` without zod
 */
export async function askStructured<Value>(
  service: AiService,
  form: StructuredForm<Value>,
  parts: readonly RequestPart[],
  call: CallOptions = {},
): Promise<Value> {
  const z = await importPeer<typeof Zod>('zod', 'Reading structured replies', () => import('zod'))
  const schema = form.schema(z)
  const request: AiRequest = {
    turns: [
      { role: 'system', parts: [{ kind: 'text', text: `${form.instructions}\n\n${dataRule}` }] },
      { role: 'user', parts },
    ],
    maxOutputTokens: form.maxOutputTokens,
    temperature: 0,
    format: { name: form.name, schema: z.toJSONSchema(schema) },
  }
  const read = (text: string) => {
    let found = false
    for (const value of findJson(text)) {
      found = true
      const result = schema.safeParse(form.coerce(value))
      if (result.success) return { value: result.data }
    }
    return { problem: text.trim() === '' ? 'was empty' : found ? 'had JSON of another form' : 'had no JSON in it' }
  }
  return service.ask(request, read, call)
}
