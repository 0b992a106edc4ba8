/** What kind of thing a question asks for. */
export type AnswerType = 'amount' | 'time' | 'place' | 'person'

/** Reads what kind of thing a question asks for; undefined where its words do not say. English. */
export function answerTypeOf(question: string): AnswerType | undefined {
  return asking.find(([, pattern]) => pattern.test(question))?.[0]
}

/** Whether a text has anything of that kind in it: a number or a code, a date, a preposition of place, a name. English; generous. */
export function offers(text: string, type: AnswerType): boolean {
  return offering[type].test(text)
}

const asking: readonly (readonly [AnswerType, RegExp])[] = [
  [
    'time',
    /^\W*when\b(?! i\b| we\b)|[,;!?] when (?:is|was|do|does|did|will|can|must|may)\b|\b(?:what|which) (?:day|date|time|week|month|year|hour)s?\b|\bhow long (?:ago|until)\b|\b(?:deadline|birthday|opening hours)\b/iu,
  ],
  [
    'amount',
    /\bhow (?:much|many|long|high|wide|deep|thick|heavy|tall|big|far|old|bright|often|hot|cold|fast)\b|\b(?:price|cost|charge|owe|weigh|telephone|number|code|password|combination|pin)\b/iu,
  ],
  ['place', /\bwhere\b|\b(?:which|what) (?:room|place|street|floor|drawer|door|shelf|hall|city|town)\b/iu],
  ['person', /\bwho(?:m|se)?\b/iu],
]

const number =
  'zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|' +
  'twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|half|quarter|dozen|once|twice|first|second|third|fourth|fifth'
const weekday = '(?:mon|tues|wednes|thurs|fri|satur|sun)days?'
const month = 'january|february|march|april|may|june|july|august|september|october|november|december'
const stretch =
  "today|tomorrow|yesterday|tonight|noon|midnight|mornings?|evenings?|weeks?|months?|years?|summer|winter|spring|autumn|o'clock|am|pm"
const kin = 'mother|father|mum|dad|brother|sister|friend|wife|husband|boss|neighbou?r|doctor|man|woman'

const offering: Readonly<Record<AnswerType, RegExp>> = {
  amount: new RegExp(`\\d|\\b(?:${number})\\b`, 'iu'),
  time: new RegExp(`\\b(?:${weekday}|${month}|${stretch})\\b|\\d{1,2}[:.]\\d{2}|\\b\\d{1,2}(?:st|nd|rd|th)\\b`, 'iu'),
  place:
    /\b(?:in|on|at|under|behind|beside|next to|near|opposite|outside|inside|above|below|between|by|to|into|onto|from)\s+(?:the|a|an|my|our|his|her|its|their|\p{Lu})/u,
  person: new RegExp(
    `(?<=[\\p{L}\\p{N},;:)] )\\p{Lu}\\p{Ll}+|^\\p{Lu}\\p{Ll}+(?= (?:\\p{Lu}|is|was|has|had|said|told|\\p{Ll}+(?:s|ed)\\b))|\\b(?:${kin})\\b`,
    'u',
  ),
}
