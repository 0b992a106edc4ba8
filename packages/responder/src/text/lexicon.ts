/** Words that carry no topic: articles, pronouns, auxiliaries, prepositions, and the frame of a question. */
export const stopWords = wordSet(`
  a an the this that these those some any each every all both my mine your yours his her hers its our ours their theirs
  me you he she it we they them us him i am is are was were be been being do does did done doing have has had having
  can could will would shall should may might must of in on at to for from by with about into onto over under out off up down
  than then there here and or but if so as just only also too very again please tell what when where who whom whose which why how much
  many long far old time day date one ones thing things anything something someone anybody anyone get got say says said
  see saw seen read show shows shown look looked written write wrote stand stands stood go went gone going know remember
  mention mentioned video clip today yesterday ago last first latest earliest recent recently currently now ever
  want wants wanted need needs needed supposed kind sort called name named find found come came use used using not no never
  s t m re ve ll d don doesn didn isn wasn aren weren hasn haven won give gave content contents text words again earlier
  before after during next which exactly actually still quite often times expensive soon whole happen happens happened place takes take taking took put
`)

/** Common verbs: they support an answer, but weigh less than the things they are about. */
export const lightVerbs = wordSet(`
  keep kept store stored leave left have like love prefer enjoy eat drink live work make made bring brought buy bought order
  ordered start begin end finish open close visit visited talk talked speak spoke plan planned pick meet met call wear hold hang
  play watch stay arrive depart return lend lent borrow borrowed sell sold park parked pay paid cost charge due cancel move
  run allow happen meeting appointment held contain cover list belong send receive expire wait
`)

/** Words that name the kind of text a question points at, with that kind. */
export const containerKinds: ReadonlyMap<string, DocumentKind> = new Map(
  Object.entries({
    receipt: 'receipt',
    bill: 'receipt',
    calendar: 'calendar',
    planner: 'calendar',
    badge: 'badge',
    whiteboard: 'board',
    blackboard: 'board',
    board: 'board',
    flipchart: 'board',
    shelf: 'shelf',
    sign: 'sign',
    poster: 'sign',
    door: 'sign',
    label: 'sign',
    notice: 'sign',
    page: 'page',
    note: 'page',
    screen: 'page',
    paper: 'page',
    wall: 'sign',
  } as const),
)

/** What a block of read text is, as far as its words show. */
export type DocumentKind =
  | 'receipt'
  | 'calendar'
  | 'badge'
  | 'board'
  | 'shelf'
  | 'parking'
  | 'plate'
  | 'sign'
  | 'page'
  | 'sentence'

/** Groups of words that may stand for one another between a question and a memory. */
const groups = `
  dentist dental dentistry dds
  doctor dr physician gp
  vet veterinary veterinarian
  optician optometrist eyewear
  hairdresser barber haircut hair hairstylist salon
  pharmacy chemist drugstore apotheke
  bakery baker bakehouse
  bookshop bookstore books
  florist flowers
  butcher meats
  shoeshop shoes
  cinema movies
  supermarket grocery groceries grocer
  cafe coffeehouse coffeeshop
  restaurant bistro trattoria diner
  car vehicle automobile
  bike bicycle
  wifi wlan wireless
  password passcode passphrase passwort pwd pw
  phone telephone tel mobile cell handy
  email mail
  flight plane airplane
  train railway rail
  ticket tickets
  film movie
  gym fitness
  sofa couch
  flat apartment
  mother mom mum
  father dad
  kid child children
  trash garbage rubbish
  medicine medication pill tablet
  birthday bday born
  expire expiry expires
  leave depart departure departs dep left
  arrive arrival arrives arr
  start begin starts begins
  end finish ends finishes until
  open opening opens opened hours
  close closing closes closed
  buy bought purchase purchased
  lend lent loan
  keep kept store stored
  like love enjoy adore
  prefer favourite favorite
  meet met
  pay paid
  cost price costs
  park parked parking carpark garage
  plate registration numberplate
  appointment appt termin checkup
  meeting mtg standup
  picture photo photograph
  key keys
  glasses spectacles
  deadline due
  monday mon
  tuesday tue tues
  wednesday wed
  thursday thu thur thurs
  friday fri
  saturday sat
  sunday sun
  january jan
  february feb
  march mar
  april apr
  june jun
  july jul
  august aug
  september sep sept
  october oct
  november nov
  december dec
  speaker keynote lecturer
  lecture talk
  toilet restroom wc bathroom lavatory
  lift elevator
  street str
  job work profession
  vegetarian vegan
  allergic allergy
  colour color
  shop store
  office bureau
  boss manager
`
const groupList = groups
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
const groupsOfWord = new Map<string, string[]>()
for (const group of groupList)
  for (const word of group) groupsOfWord.set(word, [...(groupsOfWord.get(word) ?? []), ...group])

/** Words that may stand for a word; the word itself is not among them. */
export function relatedWords(word: string): string[] {
  return (groupsOfWord.get(word) ?? []).filter((other) => other !== word)
}

/** True when the lexicon knows the word: such a word is never taken for a misreading of another. */
export function isKnownWord(word: string): boolean {
  return groupsOfWord.has(word) || stopWords.has(word) || lightVerbs.has(word) || plainWords.has(word)
}

/** Pairs of which one contradicts the other. */
const opposites: readonly (readonly [string, string])[] = [
  ['arrive', 'leave'],
  ['open', 'close'],
  ['start', 'end'],
  ['buy', 'sell'],
  ['borrow', 'lend'],
  ['entrance', 'exit'],
  ['entry', 'exit'],
  ['push', 'pull'],
  ['like', 'hate'],
  ['like', 'dislike'],
  ['inbound', 'outbound'],
  ['cheap', 'expensive'],
  ['hot', 'cold'],
  ['guest', 'staff'],
  ['mens', 'womens'],
]

/** Words that contradict a word. */
export function oppositesOf(word: string): string[] {
  const same = [word, ...relatedWords(word)]
  return opposites.flatMap(([a, b]) => (same.includes(a) ? [b] : same.includes(b) ? [a] : []))
}

/** Relatives and others whose things are not the speaker's own. */
export const otherPeople = wordSet(`
  sister brother mother mom mum father dad wife husband son daughter boss friend neighbour neighbor colleague partner
  girlfriend boyfriend aunt uncle cousin grandmother grandfather grandma grandpa roommate flatmate landlord
`)

/** Words that make a text with a name on it a badge. */
export const badgeWords = wordSet(`
  engineer manager director designer developer nurse teacher professor researcher scientist analyst consultant founder ceo cto cfo
  editor producer architect visitor speaker staff attendee badge conference delegate volunteer organizer organiser hello intern
  student employee technician supervisor coordinator sales marketing trainee apprentice
`)

/** Words of jobs and of badges, none of them a name. */
export const roleWords = wordSet(`
  engineer manager director designer developer doctor nurse teacher professor researcher scientist analyst consultant
  assistant officer founder ceo cto cfo editor producer architect lead head product sales marketing visitor speaker staff attendee guest
  badge conference summit delegate press volunteer organizer organiser host hello intern student employee technician
  supervisor coordinator specialist advisor
`)

/** Words that are neither names of people nor misreadings of other words. */
const plainWords = wordSet(`
  room floor level row gate platform track street road avenue lane square building aisle bay zone section hall suite seat
  terminal lot deck wing terrace court city park garden station hotel museum library school university hospital clinic
  total subtotal sum amount cash change card vat tax receipt thank thanks welcome please open closed sale price
  january february march april may june july august september october november december
  monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun
  bread rolls milk coffee tea water juice butter cheese ham eggs sugar salt oil olive rice pasta apple apples
  yoga pilates swim run lunch dinner breakfast brunch call standup review sprint launch beta release budget
  ship roadmap agenda todo plan team project design test demo press kit goals ideas training trainer brain break part parts dark mark bark
  new old big small fresh organic free best north south east west central main upper lower left right
  shop store market bank post office bakery dentist dental doctor practice parking garage entrance exit
  wifi password guest network phone tel fax mail email licence license plate number code pin
  labs energy systems robotics media optics analytics freight inc gmbh ltd motors group company corp technologies
  solutions partners consulting industries studios services
  lamp book books notebook box boxes bottle cup bowl chair table bag person people
`)

/** Given names, to tell people from things. A small list: a title or a badge's words do as well. */
export const givenNames = wordSet(`
  anna maria sarah sara laura julia lena lea emma mia sophie sofia sophia hannah hanna lisa nina eva clara klara marie amelie
  emily olivia ava isabella charlotte amelia harper evelyn abigail ella grace chloe victoria lily zoe nora hazel aurora
  alice lucy ruth rose jane joan kate katie katherine catherine elizabeth beth susan linda karen nancy helen donna carol
  sandra sharon michelle angela melissa amanda stephanie rebecca rachel megan jessica jennifer ashley samantha heather
  ingrid astrid freya greta heidi petra sabine ursula monika claudia martina silvia elena irina olga natalia svetlana
  yuki aiko sakura mei ling priya anita sunita fatima aisha leila amira yasmin zainab noor carmen lucia paula rosa ines
  bianca chiara giulia francesca valentina camille celine chantal louise margot elise juliette
  john james robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark donald
  steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas eric
  jonathan stephen larry justin scott brandon benjamin samuel gregory frank alexander alex raymond patrick jack dennis jerry
  tyler aaron adam nathan henry peter zachary kyle noah ethan jeremy walter christian keith roger terry sean austin
  arthur lawrence jesse dylan bryan joe jordan billy bruce albert willie gabriel logan alan juan wayne roy ralph randy eugene
  vincent russell louis philip bobby johnny bradley tom tim tony ben sam max leo leon felix lukas luca jonas finn elias
  oscar oskar emil anton theo moritz hans klaus jens karl kurt otto fritz wolfgang stefan markus andreas martin tobias
  sven lars erik olaf bjorn nils magnus ivan igor boris dmitri sergei vladimir pavel jan piotr marek tomas jakub
  carlos jose luis miguel pedro diego pablo rafael javier marco mario luigi paolo giovanni antonio francesco matteo
  pierre jean jacques luc antoine hugo ahmed ali omar hassan mohamed mohammed yusuf ibrahim raj ravi arjun vikram sanjay
  wei chen hiroshi kenji takeshi yuto jin minho kwame kofi amara ada iris ivy maya jade ruby nadia tara dana mira
  oliver harry charlie freddie alfie archie isla poppy daisy phoebe rory callum duncan fiona aileen siobhan niamh liam
  marta pia ida frieda johanna katharina miriam esther judith naomi dora tessa wendy robin kim lee chris pat jo
`)

function wordSet(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}
