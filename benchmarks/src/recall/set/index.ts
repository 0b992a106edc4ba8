/**
 * The recall set of the project: three weeks in the life of one invented person, and what she asks about them.
 *
 * Ines Halder builds exhibits in a small studio, lives with a cat named Pepper, has a mother in rehab, and goes to Ghent
 * for three days. She, the people, the places and the numbers are made up. The weeks run from Monday 13 October to Sunday
 * 2 November 2025; the clocks go back an hour on 26 October, and one night is lived through twice.
 *
 * ## Memories: 300
 *
 * What a first-person pipeline would store: what she did ("I parked the green Fabia in Lindenallee"), read ("Door sign:
 * ..."), heard and was told. 132 of them answer at least one question. About a quarter is routine that nobody asks about,
 * in near-duplicates too (tram 12, the same coat, the same coffee). The others look like answers and are none: a value
 * that nobody asks for any more, a name that is told once, or the same fact of another person or thing (two cars, four
 * keys, four wifi networks, three talks with Rasmus).
 *
 * Values that change, 22 of them:
 * - five values: where the car is;
 * - three values: where the spare key and the passport are, the code of the courtyard door, the weekly meeting, the next
 *   physiotherapy, the day of the opening, the cat's dose, who feeds the cat, the bill for the boiler, the price of the
 *   sewing machine, the colour of the wall, the room of the choir;
 * - two values: where the reading glasses and the van are, the wifi of the studio, the bike lock, the train to Ghent,
 *   Magda's number, Mum's room, the day she goes home, who looks after the glass cases.
 *
 * Two names for one, each introduced once: Wilhelmina/Billie, Leonhard/Hardy, Magdalena/Magda, Matthias/Mattes,
 * Mrs. Tanaka/Aiko, Gertrud/Oma Trude, Gisela/Gila, Pieter Vandersteen/P.V./the client, Mr. Kowalczyk/the heating
 * engineer, Yusuf Arslan/the physiotherapist for the knee, Dr. Sommer/the vet, Dr. Adeyemi/the dentist,
 * Mr. Pfeiffer/the landlord, the Turtle/the white van.
 *
 * ## Questions: 100
 *
 * | kind      | count | right is                                                                      |
 * | --------- | ----- | ----------------------------------------------------------------------------- |
 * | `fact`    | 18    | the plain fact, asked in other words                                          |
 * | `current` | 16    | of a value that changed, only the newest one known when asked                 |
 * | `past`    | 12    | the value that held, or was believed, at the earlier time the question names  |
 * | `time`    | 16    | all that fits within a range of time said in words                            |
 * | `place`   | 8     | where something is                                                            |
 * | `alias`   | 10    | the fact, asked by the other name                                             |
 * | `unseen`  | 20    | nothing: it was never seen; for 10 of them, the near misses, something alike  |
 *
 * They are asked from the first week on until four weeks after the last memory, as one asks then: not in the words of the
 * memory, some as bare key words, two with a typing error.
 *
 * ## Rules
 *
 * - Frozen: no text, time or relevant id is changed to suit a method. A mistake that a reader can see without running any
 *   method is put right in a commit of its own that says so, and every figure is measured again.
 * - A system gets the zone, the memories learnt before `askedAt`, and of the question `text` and `askedAt`. `kind`,
 *   `answerable`, `nearMiss`, `asOf` and `note` are for scoring and for the reader.
 * - `relevant` is what a careful person finds who reads every memory up to `askedAt`: no more and no less.
 */
import { weekOne } from './memories-week-one'
import { weekThree } from './memories-week-three'
import { weekTwo } from './memories-week-two'
import { aliasQuestions } from './questions-alias'
import { currentQuestions } from './questions-current'
import { factQuestions } from './questions-fact'
import { pastQuestions } from './questions-past'
import { placeQuestions } from './questions-place'
import { timeQuestions } from './questions-time'
import { unseenQuestions } from './questions-unseen'
import type { RecallSet } from './types'

export type { RecallKind, RecallMemory, RecallQuestion, RecallSet } from './types'

/** The recall set: see the head of this file. */
export const recallSet: RecallSet = {
  zone: 'Europe/Berlin',
  person: 'Ines Halder',
  memories: [...weekOne, ...weekTwo, ...weekThree],
  questions: [
    ...factQuestions,
    ...currentQuestions,
    ...pastQuestions,
    ...timeQuestions,
    ...placeQuestions,
    ...aliasQuestions,
    ...unseenQuestions,
  ],
}
