-- nested-not
-- {"not":{"or":[{"not":{"and":[{"tag":"vip","op":"eq","value":true},{"not":{"list":"blocked"}}]}},{"tag":"tier","op":"eq","value":"gold"}]}}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(n0, 1, NULL)) AS c0,
  count(if(n3, 1, NULL)) AS c1,
  count(if(n2, 1, NULL)) AS c2,
  count(if(n1, 1, NULL)) AS c3,
  count(if(b0, 1, NULL)) AS c4,
  count(if(b3, 1, NULL)) AS c5,
  count(if(n4, 1, NULL)) AS c6,
  count(if(b1, 1, NULL)) AS c7,
  count(if(b2, 1, NULL)) AS c8,
  count(if(b4, 1, NULL)) AS c9
FROM (
SELECT t2.*,
  (n2 OR b2) AS n3
FROM (
SELECT t1.*,
  (NOT ifnull(n1, false)) AS n2
FROM (
SELECT t0.*,
  (b0 AND NOT ifnull((b1 OR b2), false)) AS n0,
  (b0 AND NOT ifnull(b1, false)) AS n1,
  (NOT ifnull(b1, false)) AS n4
FROM (
SELECT u.`sys_guid`,
  (p1.`vip` = true) AS b0,
  (bitmap_contains(m0.b1, u.`sys_guid`)) AS b1,
  (p1.`tier` = 'gold') AS b2,
  (p1.`vip` IS NULL) AS b3,
  (p1.`tier` IS NULL) AS b4
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
LEFT JOIN [broadcast] (SELECT `sys_seg`,
  bitmap_union(if(`sys_list` = 'list_3', `sys_guids`, NULL)) AS b1
FROM `sys_lists`
WHERE (`sys_list` = 'list_3')
GROUP BY `sys_seg`) m0 ON m0.`sys_seg` = CAST(u.`sys_guid` DIV 4194304 AS INT)
) t0
) t1
) t2
) t3;

-- bitmap
SELECT sum(bitmap_count(n0)) AS c0,
  sum(bitmap_count(n3)) AS c1,
  sum(bitmap_count(n2)) AS c2,
  sum(bitmap_count(n1)) AS c3,
  sum(bitmap_count(b0)) AS c4,
  sum(bitmap_count(b3)) AS c5,
  sum(bitmap_count(n4)) AS c6,
  sum(bitmap_count(b1)) AS c7,
  sum(bitmap_count(b2)) AS c8,
  sum(bitmap_count(b4)) AS c9
FROM (
SELECT t2.*,
  bitmap_or(n2, b2) AS n3
FROM (
SELECT t1.*,
  bitmap_andnot(sys_all, n1) AS n2
FROM (
SELECT t0.*,
  bitmap_andnot(b0, bitmap_or(b1, b2)) AS n0,
  bitmap_andnot(b0, b1) AS n1,
  bitmap_andnot(sys_all, b1) AS n4
FROM (
SELECT a.`sys_seg`,
  a.sys_all,
  a.b0,
  a.b2,
  a.b3,
  a.b4,
  bitmap_and(a.sys_all, ifnull(m0.b1, bitmap_empty())) AS b1
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0,
  ifnull(bitmap_agg(if(s.b2, s.`sys_guid`, NULL)), bitmap_empty()) AS b2,
  ifnull(bitmap_agg(if(s.b3, s.`sys_guid`, NULL)), bitmap_empty()) AS b3,
  ifnull(bitmap_agg(if(s.b4, s.`sys_guid`, NULL)), bitmap_empty()) AS b4
FROM (
SELECT u.`sys_guid`,
  (p1.`vip` = true) AS b0,
  (p1.`tier` = 'gold') AS b2,
  (p1.`vip` IS NULL) AS b3,
  (p1.`tier` IS NULL) AS b4
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) a
LEFT JOIN (SELECT `sys_seg`,
  bitmap_union(if(`sys_list` = 'list_3', `sys_guids`, NULL)) AS b1
FROM `sys_lists`
WHERE (`sys_list` = 'list_3')
GROUP BY `sys_seg`) m0 ON m0.`sys_seg` = a.`sys_seg`
) t0
) t1
) t2
) t3;
