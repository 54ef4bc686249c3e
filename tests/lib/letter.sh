#!/bin/bash
# A MeMo 1.2 with a one-page PDF, on standard output. DP_SENDER_CVR and DP_CITIZEN_CPR come from sandbox/env.
#
#   letter.sh UUID [FILENAME [URL]]      URL: where the letter's button leads
set -eu
export LC_ALL=C # lengths are bytes

uuid=$1 filename=${2:-Pladsanvisning.pdf} url=${3:-https://example.org/pladsanvisning}

# One page with one line of text; the table at the end holds each object's place in bytes.
pdf() {
    local text='BT /F1 20 Tf 72 760 Td (Pladsanvisning) Tj 0 -40 Td /F1 12 Tf (Dit barn har faaet plads fra den 1. i naeste maaned.) Tj ET'
    local -a objects=(
        '<< /Type /Catalog /Pages 2 0 R >>'
        '<< /Type /Pages /Kids [3 0 R] /Count 1 >>'
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>'
        "<< /Length ${#text} >>"$'\n'"stream"$'\n'"$text"$'\n'"endstream"
        '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'
    )
    local out=$'%PDF-1.4\n' places='' i
    for i in "${!objects[@]}"; do
        places+=$(printf '%010d 00000 n \n.' "${#out}")
        places=${places%.}
        out+="$((i + 1)) 0 obj"$'\n'"${objects[i]}"$'\n'"endobj"$'\n'
    done
    printf '%sxref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n' \
        "$out" "$((${#objects[@]} + 1))" "$places" "$((${#objects[@]} + 1))" "${#out}"
}

cat <<XML
<?xml version="1.0" encoding="UTF-8"?>
<memo:Message xmlns:memo="https://DigitalPost.dk/MeMo-1" memoVersion="1.2">
  <memo:MessageHeader>
    <memo:messageType>DIGITALPOST</memo:messageType>
    <memo:messageUUID>$uuid</memo:messageUUID>
    <memo:label>Pladsanvisning</memo:label>
    <memo:Sender>
      <memo:senderID>$DP_SENDER_CVR</memo:senderID>
      <memo:idType>CVR</memo:idType>
      <memo:label>Myndighed 1</memo:label>
    </memo:Sender>
    <memo:Recipient>
      <memo:recipientID>$DP_CITIZEN_CPR</memo:recipientID>
      <memo:idType>CPR</memo:idType>
      <memo:label>Borger 1</memo:label>
    </memo:Recipient>
  </memo:MessageHeader>
  <memo:MessageBody>
    <memo:createdDateTime>$(date -u +%Y-%m-%dT%H:%M:%SZ)</memo:createdDateTime>
    <memo:MainDocument>
      <memo:label>Pladsanvisning</memo:label>
      <memo:File>
        <memo:encodingFormat>application/pdf</memo:encodingFormat>
        <memo:filename>$filename</memo:filename>
        <memo:language>da</memo:language>
        <memo:content>$(pdf | base64 -w 0)</memo:content>
      </memo:File>
      <memo:Action>
        <memo:label>Svar</memo:label>
        <memo:actionCode>SELVBETJENING</memo:actionCode>
        <memo:EntryPoint>
          <memo:url>$url</memo:url>
        </memo:EntryPoint>
      </memo:Action>
    </memo:MainDocument>
  </memo:MessageBody>
</memo:Message>
XML
