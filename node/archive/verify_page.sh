# HOW TO CHECK THIS EVIDENCE WITHOUT THE SOFTWARE THAT MADE IT
# 不使用產製軟體查驗本證據的方法
#
# Needed are sh, sha256sum, od, xmlsec1 and openssl 3, nothing else.
#   1. Unpack the file into an empty folder and go there.
#   2. Put the certificates of both sides' authorities, which you got from them and not from this file, one behind the
#      other into anchors.pem in that folder. Those in certificates/ are for comparison only.
#   3. Read this page, then type its commands one after the other, or run them all: sh VERIFY.txt
# It ends with a line that begins with OK, or at the first check that fails. Certificates are judged at the time that
# each signer claims; no independent clock has confirmed these times, and revocation is not looked at.
# This page came with the file. docs/evidence.md of the software describes the same steps for any file.
#
# 僅需 sh、sha256sum、od、xmlsec1 與 openssl 3。
#   1. 將檔案解開至空目錄並切換至該目錄。
#   2. 向雙方憑證機構取得其憑證（勿取自本檔），依序接續存為該目錄之 anchors.pem；certificates/ 內者僅供比對。
#   3. 閱讀本頁後逐一輸入指令，或一次執行：sh VERIFY.txt
# 結尾出現以 OK 開頭之行即成立，否則停於第一項不成立之檢查。憑證依各簽署者宣稱之時間判定；
# 該時間未經獨立時鐘證實，且未查驗廢止狀態。

set -eu
anchors=${1:-anchors.pem}
failed() { printf 'FAILED %s\n' "$1"; exit 1; }

# ---- Small tools 小工具 ----------------------------------------------------------------------------------------------

# standard input as hex digits 標準輸入轉十六進位
hex() { for octet in $(od -An -v -tx1); do printf %s "$octet"; done; }
# the bytes of a file, by od's octal digits 檔案位元組
octets() { for octet in $(od -An -v -to1 "$1"); do printf "\\$octet"; done; }
# hex digits as bytes 十六進位轉位元組
bytes() {
  rest=$1
  while [ -n "$rest" ]; do
    printf "\\$(printf %03o "0x${rest%"${rest#??}"}")"
    rest=${rest#??}
  done
}
# SHA-256 of standard input 標準輸入之 SHA-256
digest() {
  sum=$(sha256sum)
  printf %s "${sum%% *}"
}
# a text in hex, and its length in hex 文字及其長度之十六進位
code() { printf %s "$1" | hex; }
length() { printf %02x "${#1}"; }
# the Merkle node above two others: SHA-256(0x01 || left || right) 兩節點之上層節點
above() { { printf '\001'; bytes "$1"; bytes "$2"; } | digest; }

# climb PATH-FILE LEAF: prints count and root that the path leads to (RFC 9162 2.1.3.2) 由葉節點沿路徑至根
climb() {
  {
    read -r index count
    case "$index$count" in *[!0-9]*) failed "MALFORMED: $1" ;; esac
    reached=$2 last=$((count - 1))
    while read -r sibling; do
      [ "$last" -gt 0 ] || failed "COVERAGE: $1 is too long"
      if [ $((index % 2)) = 1 ] || [ "$index" = "$last" ]; then
        reached=$(above "$sibling" "$reached")
        while [ $((index % 2)) = 0 ] && [ "$index" -gt 0 ]; do index=$((index / 2)) last=$((last / 2)); done
      else
        reached=$(above "$reached" "$sibling")
      fi
      index=$((index / 2)) last=$((last / 2))
    done
    [ "$last" = 0 ] || failed "COVERAGE: $1 is too short"
    printf '%s %s' "$count" "$reached"
  } < "$1"
}

# covers MANIFEST PURPOSE SENDER RECIPIENT 'COUNT ROOT': the manifest says exactly that 封印清單內容相符
covers() {
  IFS= read -r manifest < "$1" || [ -n "$manifest" ]
  begin="<Seal xmlns=\"urn:n2n:v1:seal\" version=\"n2n/v1\"><Purpose>$2</Purpose><Sender>$3</Sender><Recipient>$4</Recipient>"
  case "$manifest" in
    "$begin<Created>"*"</Created><Count>${5% *}</Count><Root>${5#* }</Root>"*) ;;
    *) failed "COVERAGE: $1" ;;
  esac
}

# starts FILE HEX: the file begins with these bytes 檔案以此開頭
starts() {
  case "$(hex < "$1")" in
    "$2"*) ;;
    *) failed "COVERAGE: $1" ;;
  esac
}

# certificate FILE CODE ROLE SECONDS: an authority in anchors.pem issued it, it was valid then (seconds since 1970), and
# it is that node's for that role. 憑證由 anchors.pem 之機構簽發、當時有效，且屬該節點該用途。
certificate() {
  openssl verify -no-CApath -no-CAstore -partial_chain -attime "$4" -CAfile "$anchors" "$1" || failed "UNTRUSTED: $1"
  names=$(openssl x509 -in "$1" -noout -ext subjectAltName)
  case "${names#*URI:}" in
    *URI:*) failed "WRONG_KEY: $1" ;;
    "urn:n2n:v1:$2:$3" | "urn:n2n:v1:$2:$3, "*) ;;
    *) failed "WRONG_KEY: $1" ;;
  esac
  case "$(openssl x509 -in "$1" -noout -ext keyUsage)" in
    *'Digital Signature'*) ;;
    *) failed "WRONG_KEY: $1" ;;
  esac
}

# signature FILE SIGNATURE CERTIFICATE: this certificate's key made it, over this file. xmlsec1 1.3 wants to be told that
# the key has no name. 簽章由此憑證之金鑰對此檔所簽。
signature() {
  options="--verify --print-debug --enabled-key-data key-name --id-attr:Id http://uri.etsi.org/01903/v1.3.2#:SignedProperties"
  verified=$(xmlsec1 $options --pubkey-cert-pem "$3" "$2") ||
    verified=$(xmlsec1 $options --lax-key-search --pubkey-cert-pem "$3" "$2") || failed "DIGEST: $2"
  case "$verified" in
    *"== URI: \"$1\""*) ;;
    *) failed "COVERAGE: $2" ;;
  esac
}

# pss FILE SIGNATURE CERTIFICATE SHA256: the same by openssl, from the canonical parts of the signature with that digest
# given before; leaves two files check-* behind. 以 openssl 查驗前述正規形式；會留下 check-* 兩檔。
pss() {
  [ "$(digest < "$2")" = "$4" ] || failed "DIGEST: $2"
  openssl x509 -in "$3" -noout -pubkey > check-key.pem
  printf %s "$value" | openssl base64 -d -A > check-value.bin
  printf %s "$info" | openssl dgst -sha256 -verify check-key.pem -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:digest -signature check-value.bin || failed "DIGEST: $1"
  case "$info" in
    *" URI=\"$1\""*">$(bytes "$(digest < "$1")" | openssl base64)</"*) ;;
    *) failed "DIGEST: $1" ;;
  esac
  for part in "$properties" "$key_info"; do
    case "$info" in
      *">$(bytes "$(printf %s "$part" | digest)" | openssl base64)</"*) ;;
      *) failed "DIGEST: the signature of $1" ;;
    esac
  done
}

# ---- This file 本檔 -------------------------------------------------------------------------------------------------
# @PAPER@, @CREATED@
# receipt 收據: @VERDICT@, @RECEIVED@

message='@MESSAGE@' sender='@SENDER@' recipient='@RECIPIENT@' document='@DOCUMENT@'

# 1. No entry was changed by accident. 內容未經意外更動。
sha256sum -c SHA256SUMS || failed 'DIGEST: SHA256SUMS'

# 2. The sender's sign key signed the seal. 寄件方以簽署金鑰簽署封印。
@SEAL SIGNATURE@

# 3. The seal covers header, metadata and document of this paper, and the header names both sides.
#    封印涵蓋本文件之標頭、後設資料與內容，且標頭載明雙方。
body=$({ octets salt.bin; bytes "$(digest < metadata.bin)"; bytes "$(@CONTENT@)"; } | digest)
leaf=$({ printf '\000'; bytes "$(digest < header.bin)"; bytes "$body"; } | digest)
covers seal.xml papers "$sender" "$recipient" "$(climb path.txt "$leaf")"
parties="12$(length "$sender")$(code "$sender")1a$(length "$recipient")$(code "$recipient")22"
starts header.bin "0a24$(code "$message")$parties"

# 4. The sender's sign key signed the document itself. 寄件方以簽署金鑰簽署文件本身。
@DOCUMENT SIGNATURE@

# 5. The recipient's receipt key signed the receipt's seal. 收件方以收據金鑰簽署收據封印。
@RECEIPT SIGNATURE@

# 6. That seal covers the receipt, and the receipt names this paper. 該封印涵蓋收據，收據所指即本文件。
answer=$({ printf '\000'; octets receipt.bin; } | digest)
covers receipt-seal.xml receipts "$recipient" "$sender" "$(climb receipt-path.txt "$answer")"
starts receipt.bin "0a24$(code "$message")@ANSWER@"

printf 'OK: %s from %s to %s, @VERDICT@\n' "$message" "$sender" "$recipient"
