import { createMemoryGraph } from '@perstream/pmg'
import { openFileStore } from '@perstream/pmg/files'
import { rm } from 'node:fs/promises'
const n = Number(process.argv[2] ?? 100000), dir='/tmp/o100k'
await rm(dir,{recursive:true,force:true})
const words = Array.from({length:5000},(_,i)=>'w'+i.toString(36)+'x')
let seed=1; const r=()=>{seed=(seed*1103515245+12345)&0x7fffffff; return seed/0x7fffffff}
const zipf=()=>words[Math.floor(Math.pow(r(),3)*words.length)]
const vec=()=>{const v=new Float32Array(384); let s=0; for(let i=0;i<384;i++){v[i]=r()-.5; s+=v[i]*v[i]} s=Math.sqrt(s); for(let i=0;i<384;i++)v[i]/=s; return v}
let t=performance.now()
{ const store=await openFileStore(dir,{mode:'write'}); const g=await createMemoryGraph({store})
for(let i=0;i<n;i+=1000){ await g.create(Array.from({length:1000},(_,k)=>({text:`I saw ${zipf()} ${zipf()} near the ${zipf()} ${i+k}`,category:'notes',origin:'told',embedding:vec(),space:'t',triplets:[{subject:'I',predicate:'saw',object:zipf()}]})));
 if((i+1000)%20000===0) console.log(i+1000, ((performance.now()-t)/1000).toFixed(1)+' s') }
await g[Symbol.asyncDispose](); await store[Symbol.asyncDispose]() }
t=performance.now(); const store=await openFileStore(dir,{mode:'read'}); const g=await createMemoryGraph({store}); console.log('open', (performance.now()-t).toFixed(0),'ms'); t=performance.now(); await g.retrieve({text:'where did I see '+words[40], vector:vec(), space:'t'}); console.log('first retrieve',(performance.now()-t).toFixed(0)); t=performance.now(); for(let i=0;i<10;i++) await g.retrieve({text:'where did I see '+words[40+i], vector:vec(), space:'t'}); console.log('next', ((performance.now()-t)/10).toFixed(1)); console.log(process.memoryUsage().rss/1e6|0,'MB'); await g[Symbol.asyncDispose](); await store[Symbol.asyncDispose]()
