-- lists-not-in
-- {"not":{"list":"partners"}}

-- By itself: bitmap, because every leaf is a stored bitmap

-- mixed
SELECT count(if(n0, 1, NULL)) AS c0
FROM (
SELECT t0.*,
  (NOT ifnull(b0, false)) AS n0
FROM (
SELECT u.`sys_guid`,
  (bitmap_contains(m0.b0, u.`sys_guid`)) AS b0
FROM `sys_users` u
LEFT JOIN [broadcast] (SELECT `sys_seg`,
  bitmap_union(if(`sys_list` = 'list_2', `sys_guids`, NULL)) AS b0
FROM `sys_lists`
WHERE (`sys_list` = 'list_2')
GROUP BY `sys_seg`) m0 ON m0.`sys_seg` = CAST(u.`sys_guid` DIV 4194304 AS INT)
) t0
) t1;

-- bitmap
SELECT sum(bitmap_count(n0)) AS c0
FROM (
SELECT t0.*,
  bitmap_andnot(sys_all, b0) AS n0
FROM (
SELECT a.`sys_seg`,
  a.sys_all,
  bitmap_and(a.sys_all, ifnull(m0.b0, bitmap_empty())) AS b0
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
  bitmap_union(if(`sys_list` = 'list_2', `sys_guids`, NULL)) AS b0
FROM `sys_lists`
WHERE (`sys_list` = 'list_2')
GROUP BY `sys_seg`) m0 ON m0.`sys_seg` = a.`sys_seg`
) t0
) t1;
