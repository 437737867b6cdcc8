import { Random } from './random';

/** The cities customers live in, largest first; how often each occurs follows Zipf's law. */
export const CITIES: readonly string[] = `
beijing shanghai guangzhou shenzhen chengdu chongqing hangzhou wuhan xian tianjin nanjing suzhou zhengzhou changsha
dongguan shenyang qingdao foshan hefei ningbo kunming dalian xiamen fuzhou jinan harbin wenzhou nanning changchun
quanzhou shijiazhuang guiyang nanchang jinhua changzhou wuxi jiaxing xuzhou nantong taizhou shaoxing yantai huizhou
zhuhai zhongshan lanzhou haikou weifang linyi baoding taiyuan urumqi langfang tangshan yangzhou luoyang weihai
zhanjiang shantou hohhot mianyang yancheng xiangyang yichang handan guilin zibo jining liuzhou ganzhou wuhu
putian zhangzhou yueyang hengyang zhuzhou nanyang zunyi xining yinchuan baotou anshan daqing jilin cangzhou
xingtai maanshan bengbu jiujiang shangrao ningde longyan taian dezhou rizhao xinxiang kaifeng jingzhou huanggang
changde xiangtan jiangmen zhaoqing qingyuan meizhou jieyang beihai yulin dazhou nanchong yibin luzhou leshan deyang
qujing dali lhasa sanya
`
  .trim()
  .split(/\s+/);

/** What the shop sells. `priceMean` in yuan; `weight` is its share of order lines before anyone's taste. */
export interface Category {
  readonly name: string;
  readonly labels: { readonly en: string; readonly zh: string };
  readonly weight: number;
  readonly priceMean: number;
}

export const CATEGORIES: readonly Category[] = [
  { name: 'fashion', labels: { en: 'Fashion', zh: '服饰' }, weight: 22, priceMean: 160 },
  { name: 'food', labels: { en: 'Food', zh: '食品' }, weight: 18, priceMean: 38 },
  { name: 'beauty', labels: { en: 'Beauty', zh: '美妆' }, weight: 13, priceMean: 95 },
  { name: 'home', labels: { en: 'Home', zh: '家居' }, weight: 12, priceMean: 120 },
  { name: 'electronics', labels: { en: 'Electronics', zh: '数码' }, weight: 9, priceMean: 620 },
  { name: 'books', labels: { en: 'Books', zh: '图书' }, weight: 8, priceMean: 45 },
  { name: 'toys', labels: { en: 'Toys', zh: '玩具' }, weight: 6, priceMean: 85 },
  { name: 'sports', labels: { en: 'Sports', zh: '运动' }, weight: 6, priceMean: 180 },
  { name: 'pets', labels: { en: 'Pets', zh: '宠物' }, weight: 4, priceMean: 70 },
  { name: 'garden', labels: { en: 'Garden', zh: '园艺' }, weight: 2, priceMean: 90 },
];

/** Interests a customer may state: every category, and two that the shop does not sell. */
export const INTERESTS: readonly string[] = [...CATEGORIES.map((category) => category.name), 'music', 'travel'];

export const CHANNELS = [
  { name: 'app', labels: { en: 'App', zh: '应用' } },
  { name: 'web', labels: { en: 'Website', zh: '网站' } },
  { name: 'mini_program', labels: { en: 'Mini program', zh: '小程序' } },
  { name: 'email', labels: { en: 'E-mail link', zh: '邮件链接' } },
] as const;

export const LANDING_PAGES = [
  { name: 'home', labels: { en: 'Home page', zh: '首页' }, weight: 40 },
  { name: 'search', labels: { en: 'Search', zh: '搜索' }, weight: 24 },
  { name: 'product', labels: { en: 'Product', zh: '商品' }, weight: 22 },
  { name: 'sale', labels: { en: 'Sale', zh: '促销' }, weight: 9 },
  { name: 'account', labels: { en: 'Account', zh: '账户' }, weight: 5 },
] as const;

/** Coupon codes and campaigns, the most used first. */
export const COUPONS: readonly string[] = `
welcome10 app5 spring15 weekend8 birthday20 singles11 free_shipping toys12 summer10 books7 vip25 friends10 pets9 beauty15
autumn10 sports12 night5 garden8 winter15 comeback20
`
  .trim()
  .split(/\s+/);

export const CAMPAIGNS: readonly string[] = `
search_brand social_video friend_referral search_generic city_lights live_stream newsletter singles_day partner_bank
print_mail new_year subway_posters student_week influencer_may
`
  .trim()
  .split(/\s+/);

/** One product. `priceCents` is in 1/100 yuan. */
export interface Product {
  readonly sku: string;
  readonly categoryIndex: number;
  readonly priceCents: number;
}

export const PRODUCTS_PER_CATEGORY = 240;

/** The range of goods, by category, best sellers first. Prices spread log-normally and end in 9 or 90 like prices do. */
export function createProducts(seed: number): readonly (readonly Product[])[] {
  const random = new Random(seed, -1);
  return CATEGORIES.map((category, categoryIndex) =>
    Array.from({ length: PRODUCTS_PER_CATEGORY }, (_, rank) => {
      const yuan = Math.max(3, Math.round(category.priceMean * Math.exp(0.7 * random.normal() - 0.245)));
      return {
        sku: `${category.name.slice(0, 3)}-${(rank + 1).toString().padStart(4, '0')}`,
        categoryIndex,
        priceCents: yuan * 100 - (yuan > 20 ? 100 : 10),
      };
    }),
  );
}
