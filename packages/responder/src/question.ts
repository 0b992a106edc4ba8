import { containerKinds, type DocumentKind, lightVerbs, stopWords } from './text/lexicon'
import type { ValueType } from './text/values'
import { formsOf, plain, wordsOf } from './text/words'

/** What the answer must hold: a value, a date or time ('when'), a time in the recording ('seen-at'), or just the topic. */
export type AnswerType = ValueType | 'when' | 'seen-at' | 'free'

/** A word of the question that a memory must support. */
export interface QuestionTerm {
  readonly word: string
  /** 1 for things, less for common verbs. */
  readonly weight: number
  /** A name, or the thing whose number is asked for: without it there is no answer. */
  readonly required: boolean
}

/** A question, taken apart. */
export interface Question {
  readonly type: AnswerType
  /** The kind of place asked for: "room", "platform". */
  readonly labels: readonly string[]
  readonly terms: readonly QuestionTerm[]
  /** What the question is about where no term says it: paying, parking, meeting. */
  readonly topic: Topic | undefined
  /** The kind of text it points at: "on the whiteboard". */
  readonly container: DocumentKind | undefined
  readonly order: 'newest' | 'oldest'
  readonly yesNo: boolean
  readonly negated: boolean
  /** About something of the speaker's own, not of a relative's. */
  readonly words: readonly string[]
}

/** A topic that whole kinds of text bear on, without saying its word. */
export type Topic = 'pay' | 'park' | 'meet' | 'plate' | 'appointment' | 'password' | 'phone'

/** Takes an English question apart. */
export function parseQuestion(text: string): Question {
  const words = wordsOf(
    text
      .replace(/\bdo for (?:work|a living)\b/i, 'do')
      .replace(/\b(\w+)n['’]t\b/gi, '$1 not')
      .replace(/['’](?:s|re|m|d|ll|ve)\b/g, ' '),
  )
  const sentence = words.join(' ')
  const names = namesIn(text)
  const type = asksAboutName(sentence, names) ? 'free' : answerType(sentence)
  const labels = type === 'place' ? placeLabelsOf(sentence) : []
  const topic = topicOf(sentence, type)
  const container = words.map((word) => containerOf(word)).find((kind) => kind !== undefined)
  const implied = impliedWords(type, topic)
  const terms = unique(words)
    .filter((word) => isTerm(word, implied, labels, container !== undefined))
    .map((word) => ({ word, weight: weightOf(word), required: names.has(word) || requiredFor(type, word, sentence) }))
  const focus = type === 'free' ? undefined : terms.find((term) => term.weight === 1 && !/(?:ing|ed)$/.test(term.word))
  return {
    type,
    labels,
    terms: terms.map((term) => (term === focus ? { ...term, required: true } : term)),
    topic,
    container,
    words,
    order: /\b(first|earliest|oldest|originally)\b/.test(sentence) ? 'oldest' : 'newest',
    yesNo: /^(did|do|does|have|has|had|is|are|was|were|can|could|will|should|am)\b/.test(sentence),
    negated: /\b(not|never|no longer|without)\b/.test(sentence),
  }
}

const typeRules: readonly (readonly [RegExp, AnswerType])[] = [
  [/\bwhen did (?:i|we) (?:last )?(?:see|read|pass|notice|hear|look|spot|walk)\b/, 'seen-at'],
  [
    /\b(?:licen[cs]e|number|registration|car|vehicle|numberplate|my) ?plates?\b|\bplates?\b.*\bcar\b|\bnumberplate\b|\bplate number\b|\b(?:car|vehicle) registration\b|\bregistration number\b/,
    'plate',
  ],
  [
    /\b(?:phone|telephone|mobile|cell|fax|contact)\b.*\bnumber\b|\bnumber\b.*\b(?:call|dial|ring|phone)\b|\bphone\b.*\bof\b|\b(?:call|ring|reach)\b.*\bnumber\b|^what is .*\b(?:phone|telephone|mobile)$/,
    'phone',
  ],
  [/\b(?:email|mail address|website|web address|url|web page)\b/, 'email'],
  [
    /\b(?:which|what) (?:[a-z]+ )?(?:room|floor|level|row|gate|platform|track|street|road|building|aisle|bay|zone|section|shelf|hall|seat|terminal|address|spot|parking space|drawer|lot|deck|office|box|drawer|locker|coach|place|city|town|country|shop|store)\b|\broom number\b|\bgate number\b|\bseat number\b|\baddress\b/,
    'place',
  ],
  [
    /\b(?:password|passcode|passphrase|pin|code|iban|account number|serial|reference|voucher)\b|\b(?:number|no)\b(?! of\b)|\bnumber of (?:my|the)\b/,
    'code',
  ],
  [
    /\bhow much (?:time|longer)\b|\bhow (?:long|far|tall|heavy|old|big|high|deep|wide|hot|cold|large|fast)\b|\bwhat (?:size|weight|height|dose|dosage|age|temperature)\b/,
    'measure',
  ],
  [/\bhow often\b|\bhow many times\b/, 'frequency'],
  [/\bhow many\b|\bwhat is the number of (?!my|the)/, 'count'],
  [
    /\bhow much\b(?! (?:milk|water|sugar|flour|butter|rice|coffee|time|of))|\bhow expensive\b|\bwhat (?:price|amount|total)\b|\bwhat (?:is|was) (?:the|my) (?:bill|rent|fee|fare|tip)\b|\b(?:price|cost|costs|total|amount due)\b|\bwhat\b.*\b(?:pay|paid|spend|spent|charged?|owe)\b|^what did .*\bcost\b/,
    'money',
  ],
  [/\bwhat time\b|\bhow late\b|\bhow early\b|\bwhich time\b|\bwhat hour\b/, 'clock'],
  [/\b(?:what|which) (?:day|date|weekday|month)\b|\bon what date\b|\bdate of\b|\bbirthday\b/, 'date'],
  [
    /^when\b|\bwhen (?:is|was|are|were|do|does|did|will|should|can|must|exactly)\b|\b(?:until|since|by|from) when\b|\bdeadline\b|\bopening (?:hours|times)\b|\bexpir(?:e|y|es|ation)\b/,
    'when',
  ],
  [/^where\b|\bwhere (?:is|was|are|were|do|does|did|can|should|will|have|has)\b/, 'place'],
  [
    /^whose\b|^(?:to |with |by )?who\b|^whom\b|\b(?:with|by|to|from) whom\b|\bwhat (?:is|was) (?:his|her|their|the) name\b(?! of)|\bname (?:is|was)? ?(?:on|of) (?:the|his|her|my|that) (?:badge|person|man|woman|guy|lady|speaker|doctor|dentist|boss|teacher|neighbou?r|colleague|waiter|host|vet|physician|manager|professor|sister|brother|son|daughter|wife|husband)\b|\b(?:doctor|dentist|boss|teacher|neighbou?r|colleague|vet|manager|professor|sister|brother|son|daughter|wife|husband) (?:called|name)\b/,
    'person',
  ],
  [/\b(?:what|which) colou?r\b/, 'colour'],
]

function answerType(sentence: string): AnswerType {
  return typeRules.find(([pattern]) => pattern.test(sentence))?.[1] ?? 'free'
}

/** "Who is Anna Klein?" asks for what is known of her, where "Who is my dentist?" asks for a name. */
function asksAboutName(sentence: string, names: ReadonlySet<string>): boolean {
  const asked = /^who (?:is|was|are|were) (.+)$/.exec(sentence)?.[1]
  return asked?.split(' ').every((word) => names.has(word)) ?? false
}

const labelWords = [
  'room',
  'floor',
  'level',
  'row',
  'gate',
  'platform',
  'track',
  'street',
  'road',
  'building',
  'aisle',
  'bay',
  'zone',
  'section',
  'shelf',
  'hall',
  'seat',
  'terminal',
  'address',
  'lot',
  'deck',
  'office',
  'box',
  'drawer',
  'locker',
  'coach',
]

function placeLabelsOf(sentence: string): string[] {
  const found = new RegExp(
    `\\b(?:which|what)\\s(?:[a-z]+\\s)?(${labelWords.join('|')})\\b|\\b(${labelWords.join('|')}) number\\b|\\b(address)\\b`,
  ).exec(sentence)
  const label = found?.[1] ?? found?.[2] ?? found?.[3]
  return label ? [label] : []
}

function topicOf(sentence: string, type: AnswerType): Topic | undefined {
  if (/\bpark(?:ed|ing)?\b|\bwhere\b.*\b(?:is|did|was|leave|left)\b.*\bcar\b/.test(sentence) && type !== 'plate')
    return 'park'
  if (type === 'plate') return 'plate'
  if (type === 'money') return 'pay'
  if (type === 'phone') return 'phone'
  if (/\b(?:password|passcode|passphrase)\b/.test(sentence)) return 'password'
  if (/\b(?:meet|met|talk|talked|spoke|speak|badge|introduced|name)\b/.test(sentence) && type === 'person')
    return 'meet'
  if (/\bappointments?\b|\bcalendar\b/.test(sentence)) return 'appointment'
  return undefined
}

const impliedByType: Partial<Record<AnswerType, string>> = {
  money:
    'pay paid cost price total spend spent amount bill money euro euros dollar dollars charge charged worth expensive receipt owe buy bought sum all together altogether altogether',
  when: 'date day time scheduled schedule calendar happen start starts take begin appointment hours times opening',
  clock: 'time clock scheduled calendar appointment start starts hour',
  date: 'date day weekday month scheduled calendar appointment',
  place: 'located location situated stand place where find held happen number no put keep kept store stored hide',
  person: 'name person met meet call called badge speak talk man woman guy lady people introduced',
  code: 'number code no digits',
  phone: 'phone telephone mobile cell number call dial ring reach contact',
  plate: 'plate licence license number registration numberplate car vehicle parked',
  email: 'email address mail website web page url',
  count: 'number count total',
  measure: 'long far size age old take last',
  colour: 'colour color',
}

function impliedWords(type: AnswerType, topic: Topic | undefined): ReadonlySet<string> {
  const words = (impliedByType[type] ?? '').split(' ')
  if (topic === 'park') words.push('park', 'parked', 'parking', 'car', 'vehicle', 'auto', 'leave', 'left')
  return new Set(words)
}

function isTerm(word: string, implied: ReadonlySet<string>, labels: readonly string[], hasContainer: boolean): boolean {
  if (stopWords.has(word) || formsOf(word).some((form) => form.length > 3 && stopWords.has(form))) return false
  if (implied.has(word) || labels.includes(word)) return false
  if (hasContainer && containerOf(word)) return false
  return word.length > 1 || /\d/.test(word)
}

function containerOf(word: string): DocumentKind | undefined {
  return formsOf(word)
    .map((form) => containerKinds.get(form))
    .find((kind) => kind !== undefined)
}

/** Things weigh 1; verbs less, least those that a time alone stands for ("leaves 9:40"). */
function weightOf(word: string): number {
  const forms = formsOf(word)
  if (forms.some((form) => timeVerbs.has(form))) return 0.4
  return forms.some((form) => lightVerbs.has(form)) ? 0.7 : 1
}

const timeVerbs = new Set('start begin end finish open close leave arrive depart due expire check'.split(' '))

/** "passport number", "Wi-Fi password": the word before, or after "of", must be there. */
function requiredFor(type: AnswerType, word: string, sentence: string): boolean {
  if (type !== 'code' && type !== 'phone' && type !== 'email') return false
  return new RegExp(
    `\\b${word} (?:number|code|pin|password|phone|email|no)\\b|\\b(?:of|for|to|from) (?:[a-z]+ )?${word}\\b`,
  ).test(sentence)
}

/** Words with a capital that do not open the question: names, mostly. */
function namesIn(text: string): Set<string> {
  if (text === text.toUpperCase()) return new Set()
  const inside =
    plain(text)
      .replace(/^\W*\w+/, '')
      .match(/(?<![\w])[A-Z][a-z]+/g) ?? []
  return new Set(inside.map((word) => word.toLowerCase()).filter((word) => word !== 'i'))
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)]
}
