import type { Judge } from '@perstream/spec'
import type { AiService } from './service'
import { askStructured, type StructuredForm } from './structured'

/** How answers are judged. */
export interface AiJudgeOptions {
  /**
   * 'meaning' asks whether both mean the same, synonyms and other words allowed; 'helpful' (the prototype's wording for what is said
   * unasked) whether the answer serves the same purpose. Default 'meaning'.
   */
  readonly standard?: 'meaning' | 'helpful' | undefined
}

/**
 * Makes a judge. The scale is the prototype's (0 to 5, BEHAVIOUR.md 11.3), given as 0 to 1. JSON, Python literals, fences and prose are
 * read; a verdict without its yes or no, or with a score off the scale, is asked for again.
 */
export function createJudge(service: AiService, { standard = 'meaning' }: AiJudgeOptions = {}): Judge {
  const form = verdictForm(standards[standard])
  return {
    async judge({ question, truth, answer }, call) {
      const parts = [
        { kind: 'data', label: 'Question', text: question },
        { kind: 'data', label: 'Correct answer', text: truth },
        { kind: 'data', label: 'Answer to judge', text: answer },
      ] as const
      const { correct, score, reason } = await askStructured(service, form, parts, call)
      return { correct, score: score / 5, reason }
    },
  }
}

const standards = {
  meaning:
    'whether the answer means the same as the correct answer. Synonyms, other words and further true detail are fine; a contradiction or a missing core is not',
  helpful:
    'whether the answer, said unasked, serves the wearer of a camera as the correct answer would: the same need is met, in whatever words',
}

function verdictForm(standard: string): StructuredForm<{ correct: boolean; score: number; reason: string }> {
  return {
    name: 'verdict',
    instructions: `You judge ${standard}.
Reply with JSON alone: {"correct":true or false,"score":a whole number from 0 (nothing right) to 5 (all right),"reason":"one short sentence"}.`,
    schema: (z) =>
      z.object({
        correct: z.boolean(),
        score: z.number().refine((score) => score >= 0 && score <= 5),
        reason: z.string(),
      }),
    coerce: coerceVerdict,
    maxOutputTokens: 300,
  }
}

function coerceVerdict(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const { correct, pred, score, reason } = value as Record<string, unknown>
  return {
    correct: toBoolean(correct ?? pred),
    score: toNumber(score),
    reason: typeof reason === 'string' ? reason.trim() : '',
  }
}

function toBoolean(value: unknown): unknown {
  if (typeof value !== 'string') return value
  return { yes: true, true: true, no: false, false: false }[value.trim().toLowerCase()]
}

function toNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\s*\d+(\.\d+)?\s*(\/\s*5)?\s*$/.test(value) ? Number.parseFloat(value) : value
}
