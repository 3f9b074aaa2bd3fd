/** Sidecars in the manner of the programs that write them, typed for these tests. */

/** Lightroom: one description, simple properties as attributes, no end packet. */
export const lightroom = `<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000, 0000/00/00-00:00:00">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:Rating="4"
   photoshop:City="Bergen"
   photoshop:Country="Norway"
   exif:DateTimeOriginal="2021-06-05T22:41:07.38+02:00"
   exif:GPSLatitude="60,23.4N"
   exif:GPSLongitude="5,19.5E"
   aux:Lens="EF24-105mm f/4L IS USM"
   crs:Exposure2012="+0.35"
   crs:HasSettings="True">
   <dc:title>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">The old harbour</rdf:li>
    </rdf:Alt>
   </dc:title>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Boats &amp; sheds at dusk</rdf:li>
     <rdf:li xml:lang="nb">Båter og skur i skumringen</rdf:li>
    </rdf:Alt>
   </dc:description>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>boats</rdf:li>
     <rdf:li>harbour</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>places|harbour</rdf:li>
     <rdf:li>People|Kari Nordmann</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
`

/** The same, as Lightroom writes it beside a raw file. */
export const lightroomOfRaw = lightroom.replace(
  'photoshop:City=',
  'photoshop:SidecarForExtension="NEF" photoshop:City=',
)

/** digiKam: a packet with header and end, faces in both vocabularies, tag paths, single quotes nowhere. */
export const digiKam = `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
    xmlns:MP="http://ns.microsoft.com/photo/1.2/"
    xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
    xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"
    xmlns:acdsee="http://ns.acdsee.com/iptc/1.0/"
   xmp:Rating="-1"
   acdsee:notes="Kept only for the face">
   <digiKam:TagsList>
    <rdf:Seq>
     <rdf:li>Animals/Dogs/Rex</rdf:li>
    </rdf:Seq>
   </digiKam:TagsList>
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:RegionList>
     <rdf:Bag>
      <rdf:li>
       <rdf:Description mwg-rs:Name="Ada" mwg-rs:Type="Face">
        <mwg-rs:Area stArea:x="0.5" stArea:y="0.25" stArea:w="0.2" stArea:h="0.1" stArea:unit="normalized"/>
       </rdf:Description>
      </rdf:li>
      <rdf:li rdf:parseType="Resource">
       <mwg-rs:Name>the focus</mwg-rs:Name>
       <mwg-rs:Type>Focus</mwg-rs:Type>
      </rdf:li>
     </rdf:Bag>
    </mwg-rs:RegionList>
   </mwg-rs:Regions>
   <MP:RegionInfo rdf:parseType="Resource">
    <MPRI:Regions>
     <rdf:Bag>
      <rdf:li MPReg:PersonDisplayName="Grace" MPReg:Rectangle="0.1, 0.2, 0.3, 0.4"/>
     </rdf:Bag>
    </MPRI:Regions>
   </MP:RegionInfo>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
                                                                                
<?xpacket end="w"?>`

/** darktable: an XML declaration, its history as attributes, no words at all. */
export const darktable = `<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:darktable="http://darktable.sf.net/"
   exif:DateTimeOriginal="2019:07:14 18:02:55"
   xmp:Rating="3"
   darktable:xmp_version="5"
   darktable:raw_params="0"
   darktable:auto_presets_applied="1">
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="exposure"
      darktable:params="00000000000000000000003f00004842000080c0"/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
`

/** A caption as an attribute, Windows line ends, single quotes, and nothing inside the description. */
export const asAttribute = [
  "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>",
  "<rdf:Description rdf:about='' xmlns:d='http://purl.org/dc/elements/1.1/' d:description = 'It&apos;s old' d:format='image/jpeg'/>",
  '</rdf:RDF></x:xmpmeta>',
  '',
].join('\r\n')

/** A list without a default language, and a description that is plain text elsewhere in the tree. */
export const withoutDefault = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <rdf:Description rdf:about="uuid:1234">
    <dc:description><rdf:Alt>
      <rdf:li xml:lang="de">Ein Hund</rdf:li>
      <rdf:li xml:lang="fr"/>
    </rdf:Alt></dc:description>
    <dc:source rdf:parseType="Resource"><dc:description>not this one</dc:description></dc:source>
  </rdf:Description>
</rdf:RDF>`

/** No description at all. */
export const empty = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>`

export const sampleSidecars = { lightroom, digiKam, darktable, asAttribute, withoutDefault, empty }
