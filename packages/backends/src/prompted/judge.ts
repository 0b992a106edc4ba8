import { type Generator, type Judge, PerStreamError, type Verdict } from '@perstream/spec'
import { dataBlock, dataRule } from './data-block'
import { flatObjects } from './json-objects'
import { rulesTurn, wordsTurn, writeReply } from './write-reply'

const attempts = 3

const rules = `You compare an answer with the correct answer to a question. Synonyms and other words for the same are right. Reply with JSON alone: {"pred": "yes" or "no", "score": a whole number from 0 (nothing right) to 5 (all right), "reason": "one short sentence"}.
${dataRule}`

/**
 * Makes a judge of a generator, on the prototype's scale of 0 to 5, given as 0 to 1. (BEHAVIOUR 11.3)
 * Its `judge` throws PerStreamError `reply-invalid` when no verdict can be read in three attempts.
 */
export function createGeneratorJudge(generator: Generator): Judge {
  return {
    async judge({ question, truth, answer }, { signal } = {}) {
      signal?.throwIfAborted()
      const blocks = [
        `Question:\n${dataBlock(question)}`,
        `Correct answer:\n${dataBlock(truth)}`,
        `Answer to judge:\n${dataBlock(answer)}`,
      ]
      const prompt = [rulesTurn(rules), wordsTurn(blocks.join('\n\n'))]
      let last = ''
      for (let attempt = 0; attempt < attempts; attempt++) {
        const again = attempt === 0 ? {} : { temperature: 0.7, seed: attempt }
        last = (await writeReply(generator, prompt, { maxNewTokens: 120, signal, ...again })).text
        const verdict = flatObjects(last).map(readVerdict).find(Boolean)
        if (verdict) return verdict
      }
      throw new PerStreamError(
        'reply-invalid',
        `The judge's model gave no verdict in ${attempts} attempts, at last ${JSON.stringify(last.slice(0, 200))}: use a larger model`,
        { fields: { reply: last } },
      )
    },
  }
}

function readVerdict({ pred, score, reason }: Record<string, unknown>): Verdict | undefined {
  const word = String(pred).trim().toLowerCase()
  const value = typeof score === 'string' ? Number.parseFloat(score) : score
  if (!/^(yes|no|true|false)$/.test(word) || typeof value !== 'number' || !(value >= 0 && value <= 5)) return undefined
  return {
    correct: word === 'yes' || word === 'true',
    score: value / 5,
    reason: typeof reason === 'string' ? reason.trim() : '',
  }
}
