import { createMemoryGraph } from '@perstream/pmg'
import { setFlagsFromString } from 'node:v8'; import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose-gc'); const gc=runInNewContext('gc')
const m=()=>{gc();gc();const u=process.memoryUsage(); return u}
const vec=()=>{const v=new Float32Array(384); for(let i=0;i<384;i++)v[i]=Math.random()-.5; let s=Math.hypot(...v); return v.map(x=>x/s)}
const a=m(); const N=+process.argv[2]||100000, linked=process.argv[3]
const g=await createMemoryGraph({store:{commit:async()=>{},load:async function*(){},[Symbol.asyncDispose]:async()=>{}}})
for(let i=0;i<N;i+=100) await g.create(Array.from({length:100},(_,j)=>{const k=i+j; const t={subject:k%2?`person ${k>>1}`:`person ${k}`,predicate:'put away',object:k%3?`item ${k}`:`item ${k>>1}`}; return {text:`On day ${k % 900} ${t.subject} put ${t.object} into box ${k} next to the window of the old house`,category:'notes',origin:'seen',embedding:vec(),space:'b',...(linked&&{triplets:[t]}),evidence:[{source:'day.mp4',startSeconds:k,endSeconds:k+1,frames:[k*25]}]}}))
const b=m(), s=g.stats(); console.log('heap',(b.heapUsed-a.heapUsed)/N,'arrayBuffers',(b.arrayBuffers-a.arrayBuffers)/N,'external',(b.external-a.external)/N,'vectors',s.vectorBytes/N,'text',s.textBytes/N, 'share',((b.heapUsed-a.heapUsed+b.external-a.external)/N)/(s.textBytes/N+1920), 'with own vec', ((b.heapUsed-a.heapUsed+b.arrayBuffers-a.arrayBuffers+s.vectorBytes)/N)/(s.textBytes/N+1920))
