-- lists-at-least
-- {"atLeast":2,"of":[{"list":"upload"},{"list":"partners"},{"list":"blocked"}]}

-- By itself: bitmap, because every leaf is a stored bitmap

-- mixed
SELECT count(if(n0, 1, NULL)) AS c0
FROM (
SELECT t0.*,
  ((if(b0, 1, 0) + if(b1, 1, 0) + if(b2, 1, 0)) >= 2) AS n0
FROM (
SELECT u.`sys_guid`,
  (bitmap_contains(m0.b0, u.`sys_guid`)) AS b0,
  (bitmap_contains(m0.b1, u.`sys_guid`)) AS b1,
  (bitmap_contains(m0.b2, u.`sys_guid`)) AS b2
FROM `sys_users` u
LEFT JOIN [broadcast] (SELECT `sys_seg`,
  bitmap_union(if(`sys_list` = 'list_1', `sys_guids`, NULL)) AS b0,
  bitmap_union(if(`sys_list` = 'list_2', `sys_guids`, NULL)) AS b1,
  bitmap_union(if(`sys_list` = 'list_3', `sys_guids`, NULL)) AS b2
FROM `sys_lists`
WHERE (`sys_list` = 'list_1') OR (`sys_list` = 'list_2') OR (`sys_list` = 'list_3')
GROUP BY `sys_seg`) m0 ON m0.`sys_seg` = CAST(u.`sys_guid` DIV 4194304 AS INT)
) t0
) t1;

-- bitmap
SELECT sum(bitmap_count(n1)) AS c0
FROM (
SELECT t1.*,
  bitmap_or(n0, bitmap_and(bitmap_andnot(bitmap_or(b0, b1), n0), b2)) AS n1
FROM (
SELECT t0.*,
  bitmap_and(b0, b1) AS n0
FROM (
SELECT a.`sys_seg`,
  a.sys_all,
  bitmap_and(a.sys_all, ifnull(m0.b0, bitmap_empty())) AS b0,
  bitmap_and(a.sys_all, ifnull(m0.b1, bitmap_empty())) AS b1,
  bitmap_and(a.sys_all, ifnull(m0.b2, bitmap_empty())) AS b2
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all
FROM (
SELECT u.`sys_guid`
FROM `sys_users` u
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) a
LEFT JOIN (SELECT `sys_seg`,
  bitmap_union(if(`sys_list` = 'list_1', `sys_guids`, NULL)) AS b0,
  bitmap_union(if(`sys_list` = 'list_2', `sys_guids`, NULL)) AS b1,
  bitmap_union(if(`sys_list` = 'list_3', `sys_guids`, NULL)) AS b2
FROM `sys_lists`
WHERE (`sys_list` = 'list_1') OR (`sys_list` = 'list_2') OR (`sys_list` = 'list_3')
GROUP BY `sys_seg`) m0 ON m0.`sys_seg` = a.`sys_seg`
) t0
) t1
) t2;
