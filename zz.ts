import { SampleWorld } from './libs/audience/src/reference/testing/sample-world';
import { buildPlan } from '@tessera/audience';
import { LeafCompiler } from './libs/starrocks-engine/src/compile/leaves';
import { scanNodesOf } from './test/starrocks-leaves/check-leaves';
(async()=>{
 const w=new SampleWorld('2025-03-30T12:00:00Z');
 const e=await w.bind({and:[
  {tag:'active',op:'eq',value:true},{tag:'level',op:'gte',value:3},{tag:'city',op:'in',value:['a','b','c']},{tag:'spend',op:'gt',value:1.5},{tag:'tier',op:'in',value:['gold','silver']},
  {tag:'hobby',op:'eq',value:'x'},{not:{tag:'score',op:'gt',value:3}},
  {event:'order_paid',where:[{property:'category',op:'eq',value:'toys'}],op:'gte',value:3,window:{last:'P7D'}},
  {event:'order_paid',measure:{sum:'amount'},op:'gte',value:100,window:{last:'P30D'}},
  {or:[{tag:'labels',op:'hasAny',value:['vip']},{event:'visit',op:'eq',value:0}]}]});
 const plan=buildPlan(e,{asOfMs:w.nowMs});
 const nodes=scanNodesOf([plan.root]);
 const once=()=>{const c=new LeafCompiler({nowMs:w.nowMs,matches:new Map(),listId:s=>'l'+s}); const l=nodes.map(n=>c.add(n)); const r=c.relations(); return [l,r] as const;};
 for(let i=0;i<5;i++){const t=process.hrtime.bigint(); for(let k=0;k<20000;k++) once(); const s=Number(process.hrtime.bigint()-t)/1e9; console.log((20000/s).toFixed(0),'/s');}
})();
