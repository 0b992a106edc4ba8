/** What a line looks like: a label with its value, an item with its price, an entry of a calendar, "LEVEL 7", or none of these. */
type LineForm =
  | { readonly kind: 'label' | 'amount' | 'entry'; readonly label: string; readonly value: string }
  | { readonly kind: 'code' | 'plain' }

const label = /^(\p{L}[\p{L} '’/&-]{1,40}?)\s*:\s*(?!\/\/)(\S.{0,60})$/u
const openLabel = /^(\p{L}[\p{L} '’/&-]{1,40}?)\s*:$/u
const bareValue = /^[#€$£]?\S*\d\S*$/
const amount = /^(.*\p{L}{3}.*?)[\s.:]+((?:[€$£]|EUR|USD|GBP|CHF)?\s?\d+[.,]\d{2}(?:\s?(?:[€$£]|EUR|USD|GBP|CHF))?)$/u
const days = 'mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday'
const entry = new RegExp(
  String.raw`^((?:${days})\.?(?:\s+\d{1,2}\.?)?(?:\s+\p{L}{3,9})??\s+\d{1,2}[:.]\d{2}(?:\s?[ap]m)?)\s+(\p{L}[\p{L}\p{N} .'’-]{2,40})$`,
  'iu',
)
const codeLabels =
  'level|row|room|box|gate|platform|floor|badge|seat|table|track|unit|bay|building|door|aisle|shelf|locker'
const code = new RegExp(String.raw`^(?:${codeLabels}|no\.?|nr\.?)\s+(?:\p{L}?\d[\p{L}\p{N}.-]{0,7}|\p{Lu})$`, 'iu')

/** Names what a bill comes to. */
export const totalWord = /^(?:total|sum|amount due|to pay|summe|gesamt)\b/i

/** Reads the form of a line; a label that ends its line takes a bare value from the next one. */
export function readForm(line: string, next?: string): LineForm {
  const priced = amount.exec(line)
  if (priced && !code.test(line)) return form('amount', priced[1]!, priced[2]!)
  const labelled = label.exec(line)
  if (labelled && isLabel(labelled[1]!)) return form('label', labelled[1]!, labelled[2]!)
  const open = openLabel.exec(line)
  if (open && isLabel(open[1]!) && next !== undefined && bareValue.test(next)) return form('label', open[1]!, next)
  const planned = entry.exec(line)
  if (planned) return form('entry', planned[2]!, planned[1]!)
  return { kind: code.test(line) ? 'code' : 'plain' }
}

function form(kind: 'label' | 'amount' | 'entry', name: string, value: string): LineForm {
  return { kind, label: name.replace(/[\s.:]+$/, ''), value: value.trim() }
}

function isLabel(words: string): boolean {
  return words.trim().split(/\s+/).length <= 5
}

/** Whether a line is a label with a short code and nothing else: "ROOM 235", "Box 12". */
export function isCode(line: string): boolean {
  return code.test(line)
}

/** Whether a line is two or three words with a capital each and nothing else, none of them a common word of signs. */
export function isName(line: string): boolean {
  const words = line.replace(/^(?:Dr|Mr|Mrs|Ms|Prof)\.?\s+/, '').split(/\s+/)
  const isWord = (word: string) => /^\p{Lu}(?:\p{Ll}+|['’]\p{Lu}\p{Ll}+|\p{Ll}+-\p{Lu}\p{Ll}+|\.)$/u.test(word)
  return (
    words.length >= (line === words.join(' ') ? 2 : 1) &&
    words.length <= 3 &&
    words.every(isWord) &&
    !/\.$/.test(words.at(-1)!) &&
    !words.some((word) => signWords.has(word.toLowerCase()) || roles.has(word.toLowerCase()))
  )
}

/** Whether a name is that of a company or a department rather than a person's. */
export function isOrganisation(name: string): boolean {
  return name.split(/\s+/).some((word) => organisations.has(word.toLowerCase()))
}

/** Whether a line says what somebody works as: "Designer", "Senior Engineer". */
export function isRole(line: string): boolean {
  const words = line.toLowerCase().split(/\s+/)
  return words.length <= 3 && roles.has(words.at(-1)!)
}

/** Whether a line heads many texts and says nothing of this one: "OPENING HOURS", "MAY 2026". */
export function isGeneralHeading(line: string): boolean {
  const words = line.toLowerCase().match(/\p{L}+/gu) ?? []
  return words.length > 0 && words.every((word) => signWords.has(word))
}

const signWords = new Set(
  (
    'welcome open opening closed hours thank thanks you please no not do push pull entrance exit way out in menu price prices sale new free ' +
    'date time today daily notice warning caution danger attention important information list shopping page paid by card cash total ' +
    'subtotal tax change receipt invoice order wet paint keep private only staff toilet toilets lift stairs quiet fire emergency ' +
    'smoking stop slow speed limit and the of for to from at on with your our all ' +
    'january february march april may june july august september october november december ' +
    'monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun'
  ).split(' '),
)

const organisations = new Set(
  (
    'office department resources support desk team reception systems labs laboratory motors energy media robotics analytics optics ' +
    'freight company group bank school university college hospital clinic pharmacy bakery cafe restaurant hotel shop store market ' +
    'museum library station centre center services service institute council agency ltd inc gmbh'
  ).split(' '),
)

const roles = new Set(
  (
    'engineer designer analyst researcher consultant technician manager director doctor nurse assistant professor teacher developer ' +
    'secretary officer administrator scientist lawyer accountant architect editor visitor guest student intern trainee supervisor ' +
    'coordinator specialist advisor adviser receptionist president chairman chief head'
  ).split(' '),
)
