import { stemmer } from 'stemmer'

/** Irregular verbs of English whose forms no stemmer joins: base, past, participle. */
const verbs =
  'beat beat beaten,become became become,begin began begun,bend bent bent,bite bit bitten,blow blew blown,break broke broken,' +
  'bring brought brought,build built built,buy bought bought,catch caught caught,choose chose chosen,come came come,dig dug dug,' +
  'draw drew drawn,drink drank drunk,drive drove driven,eat ate eaten,fall fell fallen,feed fed fed,feel felt felt,fight fought fought,' +
  'find found found,fly flew flown,forget forgot forgotten,freeze froze frozen,get got gotten,give gave given,go went gone,grow grew grown,' +
  'hang hung hung,hear heard heard,hide hid hidden,hold held held,keep kept kept,know knew known,lead led led,leave left left,' +
  'lend lent lent,lie lay lain,light lit lit,lose lost lost,make made made,mean meant meant,meet met met,pay paid paid,ride rode ridden,' +
  'ring rang rung,rise rose risen,run ran run,say said said,see saw seen,sell sold sold,send sent sent,shake shook shaken,shine shone shone,' +
  'shoot shot shot,show showed shown,sing sang sung,sink sank sunk,sit sat sat,sleep slept slept,speak spoke spoken,spend spent spent,' +
  'stand stood stood,steal stole stolen,stick stuck stuck,swim swam swum,take took taken,teach taught taught,tear tore torn,tell told told,' +
  'think thought thought,throw threw thrown,understand understood understood,wake woke woken,wear wore worn,win won won,write wrote written'

const forms = new Map<string, readonly string[]>()
for (const verb of verbs.split(',')) {
  const stems = [...new Set(verb.split(' ').map(stemmer))]
  for (const stem of stems)
    forms.set(
      stem,
      stems.filter((other) => other !== stem),
    )
}

/** The other forms of a verb, as they are indexed: "wore" and "worn" for "wear". Empty for words that are regular or no verbs. */
export function otherForms(term: string): readonly string[] {
  return forms.get(term) ?? []
}
